import type { Document, TrialSpec, TrialStatus } from '#shared/contract/agent-control'
import { fromErrorBody, SkyError } from '#shared/contract/errors'
import type { JournalEntry } from '#shared/experiment/records'
import type { InferenceClient } from '../../hosts/lab-hosts'
import type { FromThread, ToThread, TrialProgress } from './thread-messages'

interface Trial {
  readonly key: string
  readonly requestsTotal: number
  progress: TrialProgress
  paused: boolean
  finished: boolean
  /** What the console has not acknowledged yet. */
  entries: JournalEntry[]
  lastSeq: number
}

type RecordsListener = (payload: { trialKey: string; entries: JournalEntry[] }) => void

const nothingDone: TrialProgress = { requestsDone: 0, epoch: 0, elapsedS: 0 }
const delay = { packets: 0, demandedMs: 0, achievedMs: 0, worstMs: 0 }

let simulations = 0

/**
 * The inference host of a simulated lab: the control methods of a real one, answered by a simulation in a thread. Its
 * journal is in memory: a simulation that is cut short is simply run again.
 */
export class SimulatedInference {
  readonly #tell: (message: ToThread) => void
  readonly #listeners = new Set<RecordsListener>()
  #documents: Document[] = []
  #trial: Trial | null = null
  #following: string | null = null
  #starting: { resolve: (requestsTotal: number) => void; reject: (error: SkyError) => void } | null = null
  #isDown = false
  /** Of this simulation among those of this process. */
  readonly #number = ++simulations

  constructor(tell: (message: ToThread) => void) {
    this.#tell = tell
  }

  readonly client = {
    call: async (method: string, params: never): Promise<unknown> => {
      if (this.#isDown) throw new SkyError('connection_lost', `the simulation ended during ${method}`)
      // As over a connection: an answer takes its turn behind what was sent before.
      await new Promise((resolve) => setImmediate(resolve))
      const handler = (this.handlers as Record<string, ((given: never) => unknown) | undefined>)[method]
      if (handler === undefined) {
        throw new SkyError('not_supported', `a simulated lab has no ${method}`, 'Use the local lab.')
      }
      return handler(params)
    },
    on: (_event: string, listener: RecordsListener) => {
      this.#listeners.add(listener)
      return () => void this.#listeners.delete(listener)
    },
  } as unknown as InferenceClient

  /** The thread is gone. */
  down(): void {
    this.#isDown = true
    this.#starting?.reject(new SkyError('connection_lost', 'the thread of the simulation ended'))
    this.#listeners.clear()
  }

  heard(message: FromThread): void {
    switch (message.kind) {
      case 'started':
        return this.#starting?.resolve(message.requestsTotal)
      case 'refused':
        return this.#starting?.reject(fromErrorBody(message.error))
      case 'entries':
        return this.#take(message.entries, message.progress)
      case 'idle':
        return
      case 'reported':
        if (this.#trial !== null) this.#trial.progress = message.progress
    }
  }

  private readonly handlers = {
    /** What tells one simulation from another one; nobody asks for the rest. */
    hello: () => ({ hostId: 'simulated', pid: process.pid, startedAt: this.#number, bootId: '' }),
    loadDocuments: ({ from, documents }: { from: number; documents: Document[] }) => {
      this.#documents = [...this.#documents.slice(0, from), ...documents]
      return { documents: this.#documents.length }
    },
    startTrial: (spec: TrialSpec) => this.#start(spec),
    pauseTrial: () => {
      this.#require().paused = true
      this.#tell({ kind: 'pause' })
      return null
    },
    resumeTrial: () => {
      this.#require().paused = false
      this.#tell({ kind: 'resume' })
      return null
    },
    abortTrial: () => {
      if (this.#trial !== null && !this.#trial.finished) this.#tell({ kind: 'abort' })
      return null
    },
    trialStatus: (): TrialStatus => {
      const trial = this.#trial
      if (trial === null) return { kind: 'idle' }
      return {
        kind: trial.finished ? 'finished' : trial.paused ? 'paused' : 'running',
        trialKey: trial.key,
        lastSeq: trial.lastSeq,
        requestsTotal: trial.requestsTotal,
        ...trial.progress,
        problem: null,
      }
    },
    subscribeRecords: ({ trialKey, afterSeq }: { trialKey: string; afterSeq: number }) => {
      if (this.#trial?.key !== trialKey) {
        throw new SkyError('not_found', `the simulation has no journal of trial ${trialKey}`)
      }
      this.#following = trialKey
      const entries = this.#trial.entries.filter((entry) => entry.seq > afterSeq)
      if (entries.length > 0) setImmediate(() => this.#send(trialKey, entries))
      return null
    },
    acknowledge: ({ trialKey, seq }: { trialKey: string; seq: number }) => {
      const trial = this.#trial
      if (trial?.key !== trialKey) return null
      trial.entries = trial.entries.filter((entry) => entry.seq > seq)
      this.#tell({ kind: 'acknowledged', seq })
      return null
    },
    status: () => ({
      delay,
      peersConnected: [],
      bytesInFlight: 0,
      rssBytes: process.memoryUsage.rss(),
      cpuS: 0,
      telemetry: null,
      apiUrl: null,
    }),
    setFailures: () => {
      throw new SkyError(
        'not_supported',
        'failures of a simulated lab follow its schedule',
        'Name them in the experiment: failures, satellite_mtbf_h, link_mtbf_h.',
      )
    },
    configure: () => null,
    shutdown: () => null,
  }

  async #start({ trialKey, seed, parameters }: TrialSpec): Promise<{ requestsTotal: number }> {
    if (this.#trial !== null && !this.#trial.finished) {
      throw new SkyError('conflict', `trial ${this.#trial.key} is still running`, 'Cancel it first.')
    }
    this.#trial = null
    const waiting: JournalEntry[] = []
    this.#early = waiting
    const requestsTotal = await new Promise<number>((resolve, reject) => {
      this.#starting = { resolve, reject }
      const documents = parameters.trace === 'none' ? this.#documents : []
      this.#tell({ kind: 'start', seed, parameters, documents, startedAtMs: Date.now() })
    }).finally(() => (this.#starting = null))
    this.#trial = {
      key: trialKey,
      requestsTotal,
      progress: nothingDone,
      paused: false,
      finished: false,
      entries: [],
      lastSeq: 0,
    }
    this.#early = []
    this.#take(waiting, nothingDone)
    return { requestsTotal }
  }

  /** Entries that came before the start was answered. */
  #early: JournalEntry[] = []

  #take(entries: readonly JournalEntry[], progress: TrialProgress): void {
    const trial = this.#trial
    if (trial === null) return void this.#early.push(...entries)
    trial.entries.push(...entries)
    trial.lastSeq = entries.at(-1)?.seq ?? trial.lastSeq
    trial.progress = progress
    if (entries.at(-1)?.record.kind === 'finished') trial.finished = true
    if (this.#following === trial.key && entries.length > 0) this.#send(trial.key, [...entries])
  }

  #require(): Trial {
    if (this.#trial === null || this.#trial.finished) {
      throw new SkyError('conflict', 'no trial is running in the simulation')
    }
    return this.#trial
  }

  #send(trialKey: string, entries: JournalEntry[]): void {
    for (const listener of this.#listeners) listener({ trialKey, entries })
  }
}
