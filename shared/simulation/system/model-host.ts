import { prefillSeconds, type SyntheticProfile } from '../../engine/synthetic-profile'
import { Call, type EventQueue } from './event-queue'
import { waitFor, type Process } from './process'

/**
 * The model's accelerator: prefills run one after another in the order in which they are asked for, decoding runs beside
 * them as in a batch, at the same rate for every request.
 */
export class ModelHost {
  readonly #queue: EventQueue
  readonly #profile: SyntheticProfile
  /** Requests that may be in the batch at a time; 0 = no limit. */
  readonly #batchLimit: number
  readonly #waiting: (() => void)[] = []
  #inBatch = 0
  #freeAtMs = 0
  #computedTokens = 0
  #computeMs = 0

  constructor(queue: EventQueue, profile: SyntheticProfile, batchLimit: number) {
    this.#queue = queue
    this.#profile = profile
    this.#batchLimit = batchLimit
  }

  /** Prompt tokens per second over all prefills so far; null before the first. */
  get measuredPrefillRate(): number | null {
    return this.#computeMs === 0 ? null : this.#computedTokens / (this.#computeMs / 1000)
  }

  /** Wait for a place in the batch, and compute the prompt's tokens from `cachedTokens` on. @returns ms of computing */
  *prefill(promptTokens: number, cachedTokens: number): Process<number> {
    yield* this.#enter()
    const computeMs = prefillSeconds(this.#profile, promptTokens, cachedTokens) * 1000
    this.#freeAtMs = Math.max(this.#freeAtMs, this.#queue.nowMs) + computeMs
    yield* this.#until(this.#freeAtMs)
    this.#computedTokens += promptTokens - cachedTokens
    this.#computeMs += computeMs
    return computeMs
  }

  /** Make output tokens; the first is there at once. The request leaves the batch with its last one. @returns ms */
  *decode(outputTokens: number): Process<number> {
    const decodeMs = (Math.max(0, outputTokens - 1) * 1000) / this.#profile.decodeTokensPerS
    yield* this.#until(this.#queue.nowMs + decodeMs)
    this.#leave()
    return decodeMs
  }

  *#enter(): Process<void> {
    if (this.#batchLimit > 0 && this.#inBatch >= this.#batchLimit) {
      yield* waitFor<null>((resume) => this.#waiting.push(() => resume(null)))
    } else {
      this.#inBatch += 1
    }
  }

  /** The place goes to who has waited longest. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#inBatch -= 1
    else this.#queue.soon(new Call(next))
  }

  *#until(timeMs: number): Process<void> {
    if (timeMs <= this.#queue.nowMs) return
    yield* waitFor<null>((resume) => this.#queue.at(timeMs, new Call(() => resume(null))))
  }
}
