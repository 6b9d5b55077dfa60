import type { BlockCache } from './block-cache'
import { BlockLists } from './block-lists'

const queue = 0

/** What LRU and FIFO share: one queue, whose last block is evicted. */
abstract class QueueCache implements BlockCache {
  protected readonly lists = new BlockLists(1)
  readonly #capacity: number
  #evictions = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.lists.sizeOf(queue)
  }

  get evictions(): number {
    return this.#evictions
  }

  has(block: number): boolean {
    return this.lists.listOf(block) === queue
  }

  touch(block: number): boolean {
    if (this.has(block)) {
      this.used(block)
      return true
    }
    if (this.size >= this.#capacity) {
      this.lists.dropLast(queue)
      this.#evictions += 1
    }
    this.lists.pushFront(queue, block)
    return false
  }

  /** A block that it holds is used again. */
  protected abstract used(block: number): void
}

/** Evicts the block that was not used for longest. */
export class LruCache extends QueueCache {
  protected override used(block: number): void {
    this.lists.moveToFront(queue, block)
  }
}

/** Evicts the block that was inserted first, however often it was used since. */
export class FifoCache extends QueueCache {
  protected override used(): void {
    // Use does not change the order.
  }
}
