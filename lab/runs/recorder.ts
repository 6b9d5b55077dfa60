import { SkyError } from '#shared/contract/errors'
import type { FinishedRecord, JournalEntry } from '#shared/experiment/records'
import type { InferenceClient } from '../hosts/lab-hosts'
import type { RecordStore } from '../store/record-store'
import type { StorageGate } from './storage-gate'

export interface RecorderOptions {
  readonly inference: InferenceClient
  readonly trialKey: string
  readonly attemptId: number
  /** The last sequence number that is stored already. */
  readonly lastSeq: number
  readonly records: RecordStore
  readonly gate: StorageGate
  /** Called with entries after they are stored. */
  readonly onStored: (entries: readonly JournalEntry[]) => void
}

/** Entries stored in one transaction, at most: a batch must not hold up the others for long. */
const batchSize = 2_000
/** Entries that may wait while storing is slow or not possible; beyond, they stay in the journal and are asked for again. */
const mostWaiting = 20_000
/** Times in a row that a gap in the journal is asked for again before it counts as a fault of the host. */
const mostRetries = 3

/**
 * Moves the records of one attempt from the inference host's journal into the database, each exactly once and in order,
 * and acknowledges them only when they are committed.
 */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #unsubscribe: () => void
  #waiting: JournalEntry[] = []
  #missed = false
  #retries = 0
  #lastSeq: number
  /** The newest that waits or is stored: what comes a second time is passed over. */
  #lastTaken: number
  #pumping: Promise<void> = Promise.resolve()
  #active = false
  #finish!: (record: FinishedRecord) => void
  #fail!: (error: unknown) => void
  /** The attempt's last record, once it is stored; rejects when the journal cannot be followed. */
  readonly finished: Promise<FinishedRecord>

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#lastSeq = options.lastSeq
    this.#lastTaken = options.lastSeq
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve
      this.#fail = reject
    })
    // Whoever waits for it attaches later; an early failure must not be an unhandled one.
    this.finished.catch(() => undefined)
    this.#unsubscribe = options.inference.on('records', ({ trialKey, entries }) => {
      if (trialKey === options.trialKey) this.#take(entries)
    })
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  /** Ask for everything after the last stored record. */
  async subscribe(): Promise<void> {
    const { inference, trialKey } = this.#options
    // What is still on its way from an earlier subscription comes again; the answer is what the new one begins with.
    this.#lastTaken = Infinity
    await inference.call('subscribeRecords', { trialKey, afterSeq: this.#lastSeq })
    this.#lastTaken = this.#lastSeq
  }

  /** The connection is a new one: what was sent meanwhile is asked for, after what waits here. */
  reconnected(): void {
    this.#missed = true
    this.#work()
  }

  /** Take no more entries, and resolve when those that came are stored. */
  async stop(): Promise<void> {
    this.#unsubscribe()
    await this.#pumping
  }

  #take(entries: readonly JournalEntry[]): void {
    const fresh = entries.filter((entry) => entry.seq > this.#lastTaken)
    if (this.#waiting.length + fresh.length > mostWaiting) {
      this.#missed = true
    } else {
      this.#waiting.push(...fresh)
      this.#lastTaken = fresh.at(-1)?.seq ?? this.#lastTaken
    }
    this.#work()
  }

  #work(): void {
    if (this.#active) return
    this.#active = true
    this.#pumping = this.#pump().then(
      () => void (this.#active = false),
      (thrown: unknown) => {
        this.#active = false
        this.#unsubscribe()
        this.#fail(thrown)
      },
    )
  }

  async #pump(): Promise<void> {
    while (this.#waiting.length > 0 || this.#missed) {
      if (this.#waiting.length === 0) {
        this.#missed = false
        await this.subscribe()
        continue
      }
      await this.#storeBatch(this.#waiting.splice(0, batchSize))
    }
  }

  async #storeBatch(batch: JournalEntry[]): Promise<void> {
    const { attemptId, records, gate, inference, trialKey, onStored } = this.#options
    try {
      this.#lastSeq = await gate.run(() => records.append(attemptId, batch))
    } catch (thrown) {
      if (!(thrown instanceof SkyError) || thrown.code !== 'protocol_error') throw thrown
      this.#retries += 1
      if (this.#retries > mostRetries) throw thrown
      this.#waiting = []
      this.#missed = true
      return
    }
    this.#retries = 0
    onStored(batch)
    // A host that is gone keeps its journal; the same entries are acknowledged when it is asked again.
    await inference.call('acknowledge', { trialKey, seq: this.#lastSeq }).catch(() => undefined)
    for (const { record } of batch) if (record.kind === 'finished') this.#finish(record)
  }
}
