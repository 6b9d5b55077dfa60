import type { TrialSpec, TrialStatus } from '#shared/contract/agent-control'
import { SkyError, type ErrorBody } from '#shared/contract/errors'
import type { FinishedRecord, JournalEntry } from '#shared/experiment/records'
import type { InferenceClient } from '../hosts/lab-hosts'
import { anEvent, aRequest, finishedRecord } from './records'

/** Journals by trial key: what would be on a disk, so that it outlives the host. */
export type Journals = Map<string, { entries: JournalEntry[]; acknowledged: number }>

interface MemoryTrial {
  readonly spec: TrialSpec
  readonly total: number
  done: number
  paused: boolean
  finished: boolean
}

type RecordsListener = (payload: { trialKey: string; entries: JournalEntry[] }) => void

let started = 0

/** An inference host in memory: journals requests, one a turn of the event loop, or as many as a test asks for. */
export class MemoryInference {
  readonly #journals: Journals
  readonly #listeners = new Set<RecordsListener>()
  #trial: MemoryTrial | null = null
  #following: string | null = null
  #isDown = false
  /** Number of requests that may be answered; Infinity = the trial runs by itself. */
  #allowed = Infinity
  problem: ErrorBody | null = null
  /** Why the next trial ends as failed after its requests; null = it completes. */
  failure: FinishedRecord['error'] = null
  /** What trials were started with. */
  readonly specs: TrialSpec[] = []
  readonly calls: string[] = []
  /** Another one for every start of the host, as of a process. */
  readonly pid = ++started

  constructor(journals: Journals) {
    this.#journals = journals
  }

  /** Hold a trial after so many requests, until more are allowed. */
  allow(requests: number): void {
    this.#allowed = requests
    this.#go()
  }

  down(): void {
    this.#isDown = true
    this.#listeners.clear()
  }

  readonly client = {
    call: async (method: string, params: never) => {
      if (this.#isDown) throw new SkyError('connection_lost', `the connection was lost during ${method}`)
      // As over a connection: an answer takes its turn behind what was sent before.
      await new Promise((resolve) => setImmediate(resolve))
      this.calls.push(method)
      return this.handlers[method as keyof typeof this.handlers](params)
    },
    on: (_event: string, listener: RecordsListener) => {
      this.#listeners.add(listener)
      return () => void this.#listeners.delete(listener)
    },
  } as unknown as InferenceClient

  private readonly handlers = {
    hello: () => ({ hostId: 'jetson', pid: this.pid, startedAt: 0, bootId: '' }),
    loadDocuments: ({ documents }: { documents: unknown[] }) => ({ documents: documents.length }),
    startTrial: (spec: TrialSpec) => {
      if (this.#trial?.spec.trialKey === spec.trialKey) return { requestsTotal: this.#trial.total }
      if (this.#trial && !this.#trial.finished) throw new SkyError('conflict', 'a trial is still running')
      this.specs.push(spec)
      const total = spec.parameters.sessions * spec.parameters.turns
      this.#trial = { spec, done: 0, total, paused: false, finished: false }
      this.#journals.set(spec.trialKey, { entries: [], acknowledged: 0 })
      this.#append(anEvent({ at: Date.now(), message: `${total} requests` }))
      this.#go()
      return { requestsTotal: total }
    },
    pauseTrial: () => {
      const trial = this.#requireTrial()
      if (!trial.paused) this.#append(anEvent({ at: Date.now(), name: 'paused' }))
      trial.paused = true
      return null
    },
    resumeTrial: () => {
      this.#requireTrial().paused = false
      this.#append(anEvent({ at: Date.now(), name: 'resumed' }))
      this.#go()
      return null
    },
    abortTrial: () => {
      if (this.#trial && !this.#trial.finished) this.#finish('cancelled')
      return null
    },
    trialStatus: (): TrialStatus => {
      if (!this.#trial) return { kind: 'idle' }
      const { spec, done, total, paused, finished } = this.#trial
      return {
        kind: finished ? 'finished' : paused ? 'paused' : 'running',
        trialKey: spec.trialKey,
        lastSeq: this.#journals.get(spec.trialKey)?.entries.length ?? 0,
        requestsDone: done,
        requestsTotal: total,
        epoch: 0,
        elapsedS: 1,
        problem: this.problem,
      }
    },
    subscribeRecords: ({ trialKey, afterSeq }: { trialKey: string; afterSeq: number }) => {
      const journal = this.#journals.get(trialKey)
      if (!journal) throw new SkyError('not_found', `there is no journal of trial ${trialKey}`)
      this.#following = trialKey
      const entries = journal.entries.slice(afterSeq)
      if (entries.length > 0) setImmediate(() => this.#send(trialKey, entries))
      return null
    },
    acknowledge: ({ trialKey, seq }: { trialKey: string; seq: number }) => {
      const journal = this.#journals.get(trialKey)
      if (journal) journal.acknowledged = Math.max(journal.acknowledged, seq)
      return null
    },
    serveApi: () => ({ url: null }),
    configure: () => null,
    setFailures: () => null,
    shutdown: () => null,
  }

  #requireTrial(): MemoryTrial {
    if (!this.#trial || this.#trial.finished) throw new SkyError('conflict', 'no trial is running')
    return this.#trial
  }

  #go(): void {
    setImmediate(() => {
      const trial = this.#trial
      if (this.#isDown || !trial || trial.finished || trial.paused || trial.done >= this.#allowed) return
      if (trial.done === trial.total) return this.#finish(this.failure ? 'failed' : 'completed')
      this.#append(aRequest({ requestId: trial.done, startedAt: Date.now() }))
      trial.done += 1
      this.#go()
    })
  }

  #finish(outcome: FinishedRecord['outcome']): void {
    const trial = this.#requireTrial()
    trial.finished = true
    this.#append(
      finishedRecord({ outcome, durationS: 1.5, error: outcome === 'failed' ? this.failure : null }),
    )
    this.failure = null
  }

  #append(record: JournalEntry['record']): void {
    const key = this.#trial?.spec.trialKey ?? ''
    const journal = this.#journals.get(key)
    if (!journal) return
    const entry = { seq: journal.entries.length + 1, record }
    journal.entries.push(entry)
    if (this.#following === key) setImmediate(() => this.#send(key, [entry]))
  }

  #send(trialKey: string, entries: JournalEntry[]): void {
    for (const listener of this.#listeners) listener({ trialKey, entries })
  }
}
