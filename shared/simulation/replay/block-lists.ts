import { grown } from './grow'

const none = -1

/**
 * Doubly linked lists of blocks, linked through arrays that all lists share: a block is in one list at most. Every operation takes constant time and
 * makes no object. 12 B a block, 12 B a list.
 */
export class BlockLists {
  #before = new Int32Array(0)
  #after = new Int32Array(0)
  #list = new Int32Array(0)
  #first = new Int32Array(0)
  #last = new Int32Array(0)
  #sizes = new Int32Array(0)

  constructor(lists: number) {
    this.reserveLists(lists)
  }

  reserveBlocks(count: number): void {
    this.#before = grown(this.#before, count, none)
    this.#after = grown(this.#after, count, none)
    this.#list = grown(this.#list, count, none)
  }

  reserveLists(count: number): void {
    this.#first = grown(this.#first, count, none)
    this.#last = grown(this.#last, count, none)
    this.#sizes = grown(this.#sizes, count, 0)
  }

  /** The list in which a block is, or -1. */
  listOf(block: number): number {
    return this.#list[block] as number
  }

  sizeOf(list: number): number {
    return this.#sizes[list] as number
  }

  /** The block at the end of a list, or -1. */
  lastOf(list: number): number {
    return this.#last[list] as number
  }

  /** Puts a block that is in no list at the front of one. */
  pushFront(list: number, block: number): void {
    const first = this.#first[list] as number
    this.#list[block] = list
    this.#before[block] = none
    this.#after[block] = first
    if (first === none) this.#last[list] = block
    else this.#before[first] = block
    this.#first[list] = block
    this.#sizes[list] = (this.#sizes[list] as number) + 1
  }

  /** Takes a block out of the list in which it is. */
  remove(block: number): void {
    const list = this.#list[block] as number
    const before = this.#before[block] as number
    const after = this.#after[block] as number
    if (before === none) this.#first[list] = after
    else this.#after[before] = after
    if (after === none) this.#last[list] = before
    else this.#before[after] = before
    this.#list[block] = none
    this.#sizes[list] = (this.#sizes[list] as number) - 1
  }

  /** Moves a block from where it is to the front of a list. */
  moveToFront(list: number, block: number): void {
    if (this.#first[list] === block) return
    this.remove(block)
    this.pushFront(list, block)
  }

  /** Takes the last block out of a list that is not empty. */
  popLast(list: number): number {
    const block = this.#last[list] as number
    this.remove(block)
    return block
  }
}
