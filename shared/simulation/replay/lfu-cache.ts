import type { BlockCache } from './block-cache'
import { BlockLists } from './block-lists'

/**
 * Evicts the block that was used least often since it was inserted, and of those the one that was not used for longest. Counts are forgotten with the
 * block. Each count has a list of its blocks, the last used in front.
 */
export class LfuCache implements BlockCache {
  readonly #capacity: number
  readonly #lists = new BlockLists(2)
  /** Lists that there is room for, a list for each count of uses. */
  #counts = 2
  /** No block was used less often than this. */
  #least = 1
  #size = 0
  #evictions = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#size
  }

  get evictions(): number {
    return this.#evictions
  }

  has(block: number): boolean {
    return this.#lists.listOf(block) >= 0
  }

  touch(block: number): boolean {
    const uses = this.#lists.listOf(block)
    if (uses >= 0) {
      this.#move(block, uses)
      return true
    }
    if (this.#size >= this.#capacity) {
      this.#lists.dropLast(this.#least)
      this.#evictions += 1
    } else {
      this.#size += 1
    }
    this.#lists.pushFront(1, block)
    this.#least = 1
    return false
  }

  #move(block: number, uses: number): void {
    if (uses + 1 === this.#counts) {
      this.#counts += 1
      this.#lists.reserveLists(this.#counts)
    }
    this.#lists.moveToFront(uses + 1, block)
    if (uses === this.#least && this.#lists.sizeOf(uses) === 0) this.#least = uses + 1
  }
}
