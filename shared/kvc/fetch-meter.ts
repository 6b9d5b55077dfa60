import type { FetchCost } from './break-even'

/** Weight of what was measured before, at every new fetch: the last twenty or so count. */
const memory = 0.95

/** Nothing is fetched in less: clocks that go in steps may say so. */
const shortestMs = 0.001

/**
 * Learns what fetches cost from their sizes and times: a straight line by least squares, older fetches counting less and less.
 * While all fetches had about the same size, latency cannot be told from rate, and counts as 0.
 */
export class FetchMeter {
  #weight = 0
  #bytes = 0
  #ms = 0
  #bytesBytes = 0
  #bytesMs = 0

  observe(bytes: number, ms: number): void {
    if (bytes <= 0 || ms < shortestMs) return
    this.#weight = this.#weight * memory + 1
    this.#bytes = this.#bytes * memory + bytes
    this.#ms = this.#ms * memory + ms
    this.#bytesBytes = this.#bytesBytes * memory + bytes * bytes
    this.#bytesMs = this.#bytesMs * memory + bytes * ms
  }

  /** Null before the first fetch. */
  cost(): FetchCost | null {
    if (this.#weight === 0) return null
    const meanBytes = this.#bytes / this.#weight
    const meanMs = this.#ms / this.#weight
    const throughOrigin: FetchCost = { latencyMs: 0, bytesPerMs: meanBytes / meanMs }
    const variance = this.#bytesBytes / this.#weight - meanBytes * meanBytes
    if (variance < (0.05 * meanBytes) ** 2) return throughOrigin
    const msPerByte = (this.#bytesMs / this.#weight - meanBytes * meanMs) / variance
    const latencyMs = meanMs - msPerByte * meanBytes
    // Noise: larger fetches that took less time, or none at all for no bytes.
    if (msPerByte <= 0 || latencyMs < 0) return throughOrigin
    return { latencyMs, bytesPerMs: 1 / msPerByte }
  }
}
