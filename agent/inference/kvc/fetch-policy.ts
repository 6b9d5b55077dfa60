import { blocksToFetch } from '#shared/kvc/break-even'
import { FetchMeter } from '#shared/kvc/fetch-meter'

/** Even where fetching does not pay, one prefix in so many is fetched: else nobody would notice that it pays again. */
const probeEvery = 16
/** Before so many fetches were measured, a single one that stalled may be what was measured: one in so many is fetched then. */
const fewFetches = 5
const probeEveryAtFirst = 4

/** Decides how much of a cached prefix is fetched. */
export interface FetchPolicy {
  /** @returns blocks to fetch, from the first one on */
  choose(usableBlocks: number, prefillTokensPerS: number | null): number
  /** A fetch has ended: its bytes, and the time until the model had them. */
  observe(bytes: number, ms: number): void
}

/** Everything that is cached. */
export const fetchAlways: FetchPolicy = { choose: (usableBlocks) => usableBlocks, observe: () => undefined }

/** Only what is faster to fetch than to compute, by what this host has measured. */
export class AdaptiveFetch implements FetchPolicy {
  readonly #blockTokens: number
  readonly #blockBytes: number
  readonly #meter = new FetchMeter()
  /** Since the last probe. */
  #declined = 0

  constructor(blockTokens: number, blockBytes: number) {
    this.#blockTokens = blockTokens
    this.#blockBytes = blockBytes
  }

  choose(usableBlocks: number, prefillTokensPerS: number | null): number {
    const blocks = blocksToFetch({
      usableBlocks,
      blockTokens: this.#blockTokens,
      blockBytes: this.#blockBytes,
      fetchCost: this.#meter.cost(),
      prefillTokensPerS,
    })
    if (blocks === usableBlocks) return blocks
    this.#declined += 1
    const every = this.#meter.fetches < fewFetches ? probeEveryAtFirst : probeEvery
    if (this.#declined < every) return blocks
    this.#declined = 0
    return usableBlocks
  }

  observe(bytes: number, ms: number): void {
    this.#meter.observe(bytes, ms)
  }
}
