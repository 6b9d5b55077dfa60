import { BlockTable } from './block-table'
import { grown } from './grow'

const none = -1

/**
 * Doubly linked lists of blocks in typed arrays that all lists share: a block is in one list at most, and may bear a mark. Every operation takes constant time
 * and makes no object. Memory goes with the number of blocks that are in a list (24 to 50 B each), not with the number of blocks that there are.
 */
export class BlockLists {
  readonly #slots = new BlockTable()
  #before = new Int32Array(0)
  #after = new Int32Array(0)
  #list = new Int32Array(0)
  #block = new Int32Array(0)
  #marks = new Int32Array(0)
  /** Slots that were ever used. */
  #used = 0
  /** Slots that were given back, chained through `after`. */
  #free = none
  #first = new Int32Array(0)
  #last = new Int32Array(0)
  #sizes = new Int32Array(0)

  constructor(lists: number) {
    this.reserveLists(lists)
  }

  reserveLists(count: number): void {
    this.#first = grown(this.#first, count, none)
    this.#last = grown(this.#last, count, none)
    this.#sizes = grown(this.#sizes, count, 0)
  }

  /** The list in which a block is, or -1. */
  listOf(block: number): number {
    const slot = this.#slots.get(block)
    return slot === none ? none : (this.#list[slot] as number)
  }

  sizeOf(list: number): number {
    return this.#sizes[list] as number
  }

  /** The block at the end of a list, or -1. */
  lastOf(list: number): number {
    const slot = this.#last[list] as number
    return slot === none ? none : (this.#block[slot] as number)
  }

  /** The mark of a block that is in a list; 0 when it is new. */
  markOf(block: number): number {
    return this.#marks[this.#slots.get(block)] as number
  }

  setMark(block: number, mark: number): void {
    this.#marks[this.#slots.get(block)] = mark
  }

  /** Puts a block that is in no list at the front of one. */
  pushFront(list: number, block: number): void {
    const slot = this.#takeSlot()
    this.#slots.add(block, slot)
    this.#block[slot] = block
    this.#marks[slot] = 0
    this.#link(list, slot)
  }

  /** Moves a block from where it is to the front of a list. */
  moveToFront(list: number, block: number): void {
    const slot = this.#slots.get(block)
    if (this.#first[list] === slot) return
    this.#unlink(slot)
    this.#link(list, slot)
  }

  /** Moves the last block of a list that is not empty to the front of one. */
  moveLast(from: number, to: number): void {
    const slot = this.#last[from] as number
    this.#unlink(slot)
    this.#link(to, slot)
  }

  /** Takes the last block out of a list that is not empty. */
  dropLast(list: number): void {
    const slot = this.#last[list] as number
    this.#unlink(slot)
    this.#slots.remove(this.#block[slot] as number)
    this.#after[slot] = this.#free
    this.#free = slot
  }

  #takeSlot(): number {
    if (this.#free !== none) {
      const slot = this.#free
      this.#free = this.#after[slot] as number
      return slot
    }
    const slot = this.#used++
    if (slot >= this.#block.length) {
      const count = slot + 1
      this.#before = grown(this.#before, count, none)
      this.#after = grown(this.#after, count, none)
      this.#list = grown(this.#list, count, none)
      this.#block = grown(this.#block, count, none)
      this.#marks = grown(this.#marks, count, 0)
    }
    return slot
  }

  #link(list: number, slot: number): void {
    const first = this.#first[list] as number
    this.#list[slot] = list
    this.#before[slot] = none
    this.#after[slot] = first
    if (first === none) this.#last[list] = slot
    else this.#before[first] = slot
    this.#first[list] = slot
    this.#sizes[list] = (this.#sizes[list] as number) + 1
  }

  #unlink(slot: number): void {
    const list = this.#list[slot] as number
    const before = this.#before[slot] as number
    const after = this.#after[slot] as number
    if (before === none) this.#first[list] = after
    else this.#after[before] = after
    if (after === none) this.#last[list] = before
    else this.#before[after] = before
    this.#sizes[list] = (this.#sizes[list] as number) - 1
  }
}
