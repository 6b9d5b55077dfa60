import type { BlockCache } from './block-cache'
import { BlockLists } from './block-lists'

const small = 0
const main = 1
/** Blocks that were dropped from the small queue a short while ago: only their numbers are kept. */
const ghost = 2

/** The small queue's share of the capacity, and the most uses that are counted (two bits), as in the paper. */
const smallShare = 0.1
const mostUses = 3

/**
 * S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, algorithm 1): new blocks enter a small queue; those that were
 * used more than once there go on to the main queue, others are dropped but remembered for a while, and enter the main queue when they come back. The
 * main queue drops its last block unless it was used, which puts it in front again.
 */
export class S3FifoCache implements BlockCache {
  readonly #capacity: number
  readonly #smallCapacity: number
  readonly #mainCapacity: number
  /** A block's mark is the number of its uses. */
  readonly #lists = new BlockLists(3)
  #evictions = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#smallCapacity = Math.max(1, Math.floor(capacity * smallShare))
    this.#mainCapacity = capacity - this.#smallCapacity
  }

  get size(): number {
    return this.#lists.sizeOf(small) + this.#lists.sizeOf(main)
  }

  get evictions(): number {
    return this.#evictions
  }

  has(block: number): boolean {
    const list = this.#lists.listOf(block)
    return list === small || list === main
  }

  touch(block: number): boolean {
    if (this.has(block)) {
      const uses = this.#lists.markOf(block)
      if (uses < mostUses) this.#lists.setMark(block, uses + 1)
      return true
    }
    while (this.size >= this.#capacity) this.#evict()
    if (this.#lists.listOf(block) === ghost) {
      this.#lists.setMark(block, 0)
      this.#lists.moveToFront(main, block)
    } else {
      this.#lists.pushFront(small, block)
    }
    return false
  }

  #evict(): void {
    if (this.#lists.sizeOf(small) >= this.#smallCapacity) this.#evictFromSmall()
    else this.#evictFromMain()
  }

  /** Goes on until one block has left the cache, or the small queue is empty. */
  #evictFromSmall(): void {
    while (this.#lists.sizeOf(small) > 0) {
      const block = this.#lists.lastOf(small)
      if (this.#lists.markOf(block) <= 1) {
        this.#remember()
        this.#evictions += 1
        return
      }
      const evicted = this.#lists.sizeOf(main) >= this.#mainCapacity && this.#evictFromMain()
      this.#lists.setMark(block, 0)
      this.#lists.moveLast(small, main)
      if (evicted) return
    }
  }

  /** False where the main queue is empty. */
  #evictFromMain(): boolean {
    while (this.#lists.sizeOf(main) > 0) {
      const block = this.#lists.lastOf(main)
      const uses = this.#lists.markOf(block)
      if (uses === 0) {
        this.#lists.dropLast(main)
        this.#evictions += 1
        return true
      }
      this.#lists.setMark(block, uses - 1)
      this.#lists.moveLast(main, main)
    }
    return false
  }

  /** Drops the last block of the small queue. As many of these are remembered as the main queue holds. */
  #remember(): void {
    if (this.#mainCapacity === 0) {
      this.#lists.dropLast(small)
      return
    }
    if (this.#lists.sizeOf(ghost) >= this.#mainCapacity) this.#lists.dropLast(ghost)
    this.#lists.moveLast(small, ghost)
  }
}
