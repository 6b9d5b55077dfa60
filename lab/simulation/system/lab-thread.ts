import { parentPort } from 'node:worker_threads'
import { toErrorBody } from '#shared/contract/errors'
import type { EventRecord, FinishedRecord, JournalEntry } from '#shared/experiment/records'
import type { SystemSimulation } from '#shared/simulation/system/system-simulation'
import type { FromThread, ToThread } from './thread-messages'
import { tleTextOf } from './tle-text'
import { traceOf } from './trace-of'
import { trialSimulation, type TrialToSimulate } from './trial-simulation'

/** Events in one go: some milliseconds, so that messages are heard. */
const eventsAtATime = 5_000
/** Entries that may be sent without being acknowledged: the recorder keeps 20,000 waiting. */
const mostUnacknowledged = 5_000
/** Requests whose ways over the satellites are recorded, at most: nobody looks at more, and each is large. */
const mostRoutes = 100_000

type RecordOfTrial = JournalEntry['record']

/** A trial that runs in this thread. */
class ThreadTrial {
  readonly #simulation: SystemSimulation
  readonly #startedAtMs: number
  readonly #tell: (message: FromThread) => void
  #entries: JournalEntry[] = []
  #seq = 0
  #acknowledged = 0
  #paused = false
  #over = false
  #scheduled = false

  constructor(
    start: Extract<ToThread, { kind: 'start' }>,
    { trace, tleText }: Pick<TrialToSimulate, 'trace' | 'tleText'>,
    tell: (message: FromThread) => void,
  ) {
    this.#tell = tell
    this.#startedAtMs = start.startedAtMs
    const { sessions, turns } = start.parameters
    const recordRoutes = (trace?.requests ?? sessions * turns) <= mostRoutes
    this.#simulation = trialSimulation(
      { ...start, trace, tleText },
      { recordRoutes, onRecord: (record) => this.#append(record) },
    )
  }

  get requestsTotal(): number {
    return this.#simulation.requestsTotal
  }

  hear(message: Exclude<ToThread, { kind: 'start' }>): void {
    switch (message.kind) {
      case 'pause':
        if (this.#paused || this.#over) return
        this.#note('paused')
        this.#paused = true
        return this.#flush()
      case 'resume':
        if (!this.#paused) return
        this.#paused = false
        this.#note('resumed')
        return this.go()
      case 'abort':
        return this.#abort()
      case 'acknowledged':
        this.#acknowledged = Math.max(this.#acknowledged, message.seq)
        return this.go()
      case 'report':
        return this.#tell({
          kind: 'reported',
          progress: this.#progress(),
          satellites: this.#simulation.satellites(),
          trialAt: this.#startedAtMs + this.#simulation.nowMs,
          rssBytes: process.memoryUsage.rss(),
        })
    }
  }

  go(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#advance()
    })
  }

  #advance(): void {
    if (this.#paused || this.#over || this.#seq - this.#acknowledged > mostUnacknowledged) return
    this.#over = !this.#simulation.step(eventsAtATime)
    this.#flush()
    this.go()
  }

  #abort(): void {
    if (this.#over) return
    this.#over = true
    const { nowMs } = this.#simulation
    const record: FinishedRecord = {
      kind: 'finished',
      at: this.#startedAtMs + nowMs,
      durationS: nowMs / 1000,
      outcome: 'cancelled',
      error: null,
    }
    this.#append(record)
    this.#flush()
  }

  #note(name: EventRecord['name']): void {
    const { nowMs, epoch } = this.#simulation
    const message = `${name} by the console`
    this.#append({ kind: 'event', at: this.#startedAtMs + nowMs, name, message, epoch })
  }

  #append(record: RecordOfTrial): void {
    this.#seq += 1
    this.#entries.push({ seq: this.#seq, record })
  }

  #flush(): void {
    if (this.#entries.length === 0) return
    this.#tell({ kind: 'entries', entries: this.#entries, progress: this.#progress() })
    this.#entries = []
  }

  #progress() {
    const { requestsDone, epoch, nowMs } = this.#simulation
    return { requestsDone, epoch, elapsedS: nowMs / 1000 }
  }
}

/** Serves one simulated lab from this thread: one trial at a time. */
export function serveSimulatedLab(): void {
  const port = parentPort
  if (port === null) throw new Error('a simulated lab runs in a thread')
  const tell = (message: FromThread): void => port.postMessage(message)
  let trial: ThreadTrial | null = null
  const start = async (message: Extract<ToThread, { kind: 'start' }>): Promise<void> => {
    trial = null
    try {
      const trace = await traceOf(message.parameters)
      const tleText = await tleTextOf(message.parameters)
      trial = new ThreadTrial(message, { trace, tleText }, tell)
      tell({ kind: 'started', requestsTotal: trial.requestsTotal })
      trial.go()
    } catch (thrown) {
      tell({ kind: 'refused', error: toErrorBody(thrown) })
    }
  }
  port.on('message', (message: ToThread) => {
    if (message.kind === 'start') void start(message)
    else if (trial !== null) trial.hear(message)
    else if (message.kind === 'report') tell({ kind: 'idle' })
  })
}
