import type { BlockCache } from './block-cache'
import { BlockLists } from './block-lists'

/** Blocks that were used once lately, and more than once; of each, those that were dropped lately, of which only the numbers are kept. */
const once = 0
const often = 1
const droppedOnce = 2
const droppedOften = 3

/**
 * ARC (Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003, figure 4). The paper's T1, T2, B1 and B2 are the lists above; its
 * p is the size that it aims at for the blocks that were used once. It learns from blocks that come back soon after they were dropped.
 */
export class ArcCache implements BlockCache {
  readonly #capacity: number
  readonly #lists = new BlockLists(4)
  #aim = 0
  #evictions = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#lists.sizeOf(once) + this.#lists.sizeOf(often)
  }

  get evictions(): number {
    return this.#evictions
  }

  has(block: number): boolean {
    const list = this.#lists.listOf(block)
    return list === once || list === often
  }

  touch(block: number): boolean {
    const lists = this.#lists
    switch (lists.listOf(block)) {
      case once:
      case often:
        lists.moveToFront(often, block)
        return true
      case droppedOnce: {
        const step = Math.max(1, lists.sizeOf(droppedOften) / lists.sizeOf(droppedOnce))
        this.#aim = Math.min(this.#capacity, this.#aim + step)
        this.#replace(false)
        lists.moveToFront(often, block)
        return false
      }
      case droppedOften: {
        const step = Math.max(1, lists.sizeOf(droppedOnce) / lists.sizeOf(droppedOften))
        this.#aim = Math.max(0, this.#aim - step)
        this.#replace(true)
        lists.moveToFront(often, block)
        return false
      }
      default:
        this.#makeRoom()
        lists.pushFront(once, block)
        return false
    }
  }

  /** Before a block enters that is in no list. */
  #makeRoom(): void {
    const lists = this.#lists
    const seenOnce = lists.sizeOf(once) + lists.sizeOf(droppedOnce)
    const seen = seenOnce + lists.sizeOf(often) + lists.sizeOf(droppedOften)
    if (seenOnce === this.#capacity) {
      if (lists.sizeOf(once) < this.#capacity) {
        lists.dropLast(droppedOnce)
        this.#replace(false)
      } else {
        lists.dropLast(once)
        this.#evictions += 1
      }
    } else if (seen >= this.#capacity) {
      if (seen === 2 * this.#capacity) lists.dropLast(droppedOften)
      this.#replace(false)
    }
  }

  /** Drops a block, and remembers it. */
  #replace(cameBackOften: boolean): void {
    const lists = this.#lists
    const size = lists.sizeOf(once)
    const fromOnce = size >= 1 && (size > this.#aim || (cameBackOften && size === this.#aim))
    if (fromOnce) lists.moveLast(once, droppedOnce)
    else lists.moveLast(often, droppedOften)
    this.#evictions += 1
  }
}
