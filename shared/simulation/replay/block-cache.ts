/** Cache policies that can be compared; docs/traces.md defines each. */
export const cachePolicies = ['lru', 'lfu', 'fifo', 's3-fifo', 'arc', 'optimum'] as const
export type CachePolicy = (typeof cachePolicies)[number]

/** A cache of equal blocks that remembers which of them it holds, not what is in them. Blocks are dense numbers from 0. */
export interface BlockCache {
  /** Whether it holds a block; changes nothing. */
  has(block: number): boolean
  /** One reference to a block: afterwards it was used last. A missing one is inserted, and others are evicted to make room. Returns whether it was there. */
  touch(block: number): boolean
  /** Blocks that it holds. */
  readonly size: number
  /** Blocks that it dropped so far, to stay within its capacity. */
  readonly evictions: number
}
