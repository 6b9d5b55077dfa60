import { quantile } from '../stats/quantile'
import type { FetchCost } from './break-even'

/** Newest fetches that count. */
const kept = 15

/** Nothing is fetched in less: clocks that go in steps may say so. */
const shortestMs = 0.001

interface Fetched {
  readonly bytes: number
  readonly ms: number
}

/**
 * Learns what fetches cost from their sizes and times: a straight line by the estimator of Theil and Sen (the median of the slopes between all
 * pairs), which a few fetches that stalled do not move. Where all fetches had about the same size, latency cannot be told from rate, and counts as 0.
 */
export class FetchMeter {
  #fetches: readonly Fetched[] = []

  /** Fetches that it has learned from. */
  get fetches(): number {
    return this.#fetches.length
  }

  observe(bytes: number, ms: number): void {
    if (bytes <= 0 || ms < shortestMs) return
    this.#fetches = [...this.#fetches, { bytes, ms }].slice(-kept)
  }

  /** Null before the first fetch. */
  cost(): FetchCost | null {
    if (this.#fetches.length === 0) return null
    const throughOrigin: FetchCost = {
      latencyMs: 0,
      bytesPerMs: 1 / median(this.#fetches.map(({ bytes, ms }) => ms / bytes)),
    }
    const slopes = this.#slopes()
    if (slopes.length === 0) return throughOrigin
    const msPerByte = median(slopes)
    const latencyMs = median(this.#fetches.map(({ bytes, ms }) => ms - msPerByte * bytes))
    // Noise: larger fetches that took less time, or none at all for no bytes.
    if (msPerByte <= 0 || latencyMs < 0) return throughOrigin
    return { latencyMs, bytesPerMs: 1 / msPerByte }
  }

  /** Between fetches whose sizes differ enough to tell, ms a byte. */
  #slopes(): number[] {
    return this.#fetches.flatMap((a, i) =>
      this.#fetches
        .slice(i + 1)
        .filter((b) => Math.abs(b.bytes - a.bytes) > 0.05 * Math.max(a.bytes, b.bytes))
        .map((b) => (b.ms - a.ms) / (b.bytes - a.bytes)),
    )
  }
}

/** Of at least one value. */
function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  ) as number
}
