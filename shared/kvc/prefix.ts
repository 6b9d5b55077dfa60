/** Which blocks of a prompt can be reused: only a prefix without a gap counts. */

/** Full blocks of a prompt; the rest of its tokens is never cached. */
export function fullBlocks(promptTokens: number, blockTokens: number): number {
  return Math.floor(promptTokens / blockTokens)
}

/** Blocks that were found from the first one on, without a gap. */
export function contiguousPrefix(found: readonly boolean[]): number {
  const gap = found.indexOf(false)
  return gap === -1 ? found.length : gap
}

/**
 * Blocks of a hit that may be handed to the engine. At least one token of the prompt must be evaluated, or there would be
 * nothing to predict the next one from: of a prompt of exactly k full blocks, k - 1 at most.
 */
export function usablePrefix(hit: number, promptTokens: number, blockTokens: number): number {
  return Math.max(0, Math.min(hit, Math.floor((promptTokens - 1) / blockTokens)))
}

/**
 * Blocks of a prompt that are to be stored: those behind the prefix that was found, and those of it that were not whole and so
 * are purged. What was found and not fetched is there already.
 */
export function missingBlocks(blocks: number, found: number, purged: readonly number[]): number[] {
  return [...purged, ...Array.from({ length: blocks - found }, (_, i) => found + i)]
}

/**
 * Binary search for the longest cached prefix, as the paper does it: one question a step, "is block b there?".
 * Blocks low-1 and before are known to be there, blocks high and after known to be missing.
 */
export interface PrefixSearch {
  readonly low: number
  readonly high: number
}

export function startSearch(blocks: number): PrefixSearch {
  return { low: 0, high: blocks }
}

/** The block to ask about next, or null when the search is over: the prefix is `low` blocks long. */
export function nextProbe({ low, high }: PrefixSearch): number | null {
  return low === high ? null : Math.floor((low + high) / 2)
}

export function afterProbe(search: PrefixSearch, probe: number, found: boolean): PrefixSearch {
  return found ? { low: probe + 1, high: search.high } : { low: search.low, high: probe }
}
