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
  readonly #lists = new BlockLists(3)
  #uses = new Uint8Array(0)
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

  reserve(count: number): void {
    this.#lists.reserveBlocks(count)
    if (count <= this.#uses.length) return
    const uses = new Uint8Array(Math.max(count, this.#uses.length * 2))
    uses.set(this.#uses)
    this.#uses = uses
  }

  has(block: number): boolean {
    const list = this.#lists.listOf(block)
    return list === small || list === main
  }

  touch(block: number): boolean {
    if (this.has(block)) {
      const uses = this.#uses[block] as number
      if (uses < mostUses) this.#uses[block] = uses + 1
      return true
    }
    while (this.size >= this.#capacity) this.#evict()
    this.#uses[block] = 0
    if (this.#lists.listOf(block) === ghost) this.#lists.moveToFront(main, block)
    else this.#lists.pushFront(small, block)
    return false
  }

  #evict(): void {
    if (this.#lists.sizeOf(small) >= this.#smallCapacity) this.#evictFromSmall()
    else this.#evictFromMain()
  }

  /** Goes on until one block has left the cache, or the small queue is empty. */
  #evictFromSmall(): void {
    while (this.#lists.sizeOf(small) > 0) {
      const block = this.#lists.popLast(small)
      if ((this.#uses[block] as number) > 1) {
        const evicted = this.#lists.sizeOf(main) >= this.#mainCapacity && this.#evictFromMain()
        this.#uses[block] = 0
        this.#lists.pushFront(main, block)
        if (evicted) return
      } else {
        this.#remember(block)
        this.#evictions += 1
        return
      }
    }
  }

  /** False where the main queue is empty. */
  #evictFromMain(): boolean {
    while (this.#lists.sizeOf(main) > 0) {
      const block = this.#lists.popLast(main)
      const uses = this.#uses[block] as number
      if (uses === 0) {
        this.#evictions += 1
        return true
      }
      this.#uses[block] = uses - 1
      this.#lists.pushFront(main, block)
    }
    return false
  }

  /** As many dropped blocks are remembered as the main queue holds. */
  #remember(block: number): void {
    if (this.#mainCapacity === 0) return
    if (this.#lists.sizeOf(ghost) >= this.#mainCapacity) this.#lists.popLast(ghost)
    this.#lists.pushFront(ghost, block)
  }
}
