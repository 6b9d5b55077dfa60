import { GrowingArray } from './growing-array'
import { noSession, type TraceBatch } from './trace-batch'

/** What is known about a request beside its blocks. */
export interface RequestFacts {
  readonly timestampMs: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly session?: number
  readonly delayMs?: number
}

const floats = (length: number): Float64Array => new Float64Array(length)
const integers = (length: number): Int32Array => new Int32Array(length)

/** Takes requests one by one and hands them out as batches. */
export class BatchBuilder {
  readonly #blockTokens: number
  readonly #timestamps = new GrowingArray(floats)
  readonly #inputTokens = new GrowingArray(integers)
  readonly #outputTokens = new GrowingArray(integers)
  readonly #starts = new GrowingArray(integers)
  readonly #blocks = new GrowingArray(integers)
  readonly #sessions = new GrowingArray(integers)
  readonly #delays = new GrowingArray(floats)

  constructor(blockTokens: number) {
    this.#blockTokens = blockTokens
    this.#starts.push(0)
  }

  get requests(): number {
    return this.#timestamps.length
  }

  /** References to blocks so far. */
  get blocks(): number {
    return this.#blocks.length
  }

  add(facts: RequestFacts, blocks: ArrayLike<number>): void {
    this.#timestamps.push(facts.timestampMs)
    this.#inputTokens.push(facts.inputTokens)
    this.#outputTokens.push(facts.outputTokens)
    this.#sessions.push(facts.session ?? noSession)
    this.#delays.push(facts.delayMs ?? NaN)
    this.#blocks.pushAll(blocks)
    this.#starts.push(this.#blocks.length)
  }

  /** All requests since the last call. */
  take(uniqueBlocks: number): TraceBatch {
    const batch: TraceBatch = {
      requests: this.requests,
      blockTokens: this.#blockTokens,
      timestampsMs: this.#timestamps.copy(),
      inputTokens: this.#inputTokens.copy(),
      outputTokens: this.#outputTokens.copy(),
      blockStarts: this.#starts.copy(),
      blockIds: this.#blocks.copy(),
      sessions: this.#sessions.copy(),
      delaysMs: this.#delays.copy(),
      uniqueBlocks,
    }
    for (const column of [
      this.#timestamps,
      this.#inputTokens,
      this.#outputTokens,
      this.#starts,
      this.#blocks,
      this.#sessions,
      this.#delays,
    ]) {
      column.clear()
    }
    this.#starts.push(0)
    return batch
  }
}
