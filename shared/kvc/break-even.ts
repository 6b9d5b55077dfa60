/** What fetching costs, as measured: a part that every fetch takes, and one that grows with its bytes. */
export interface FetchCost {
  readonly latencyMs: number
  readonly bytesPerMs: number
}

export interface BreakEven {
  /** Blocks of the prompt's prefix that could be fetched. */
  readonly usableBlocks: number
  readonly blockTokens: number
  readonly blockBytes: number
  /** Null before anything was measured. */
  readonly fetchCost: FetchCost | null
  /** Null before anything was measured. */
  readonly prefillTokensPerS: number | null
}

/**
 * How many blocks of a prefix to fetch, so that the first token comes soonest; the rest is computed. A prefix has no gaps, so blocks
 * are given up from its end backwards, as long as that is expected to be faster. What has not been measured is tried: then all are fetched.
 */
export function blocksToFetch(question: BreakEven): number {
  const { usableBlocks, blockTokens, blockBytes, fetchCost, prefillTokensPerS } = question
  if (fetchCost === null || prefillTokensPerS === null) return usableBlocks
  const computeMs = (blockTokens / prefillTokensPerS) * 1000
  let best = { blocks: 0, ms: usableBlocks * computeMs }
  for (let blocks = 1; blocks <= usableBlocks; blocks++) {
    const fetchMs = fetchCost.latencyMs + (blocks * blockBytes) / fetchCost.bytesPerMs
    const ms = fetchMs + (usableBlocks - blocks) * computeMs
    if (ms <= best.ms) best = { blocks, ms }
  }
  return best.blocks
}
