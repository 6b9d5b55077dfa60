import type { BlockCache } from './block-cache'

/** Next use of a block that is not used again. */
export const neverAgain = 2 ** 31 - 1

/**
 * For each reference to a block, the position of the next reference to the same block, or `neverAgain`.
 * @param references blocks below `uniqueBlocks`, in the order in which they are touched
 */
export function nextUses(references: Int32Array, uniqueBlocks: number): Int32Array {
  const next = new Int32Array(references.length)
  const seen = new Int32Array(uniqueBlocks).fill(neverAgain)
  for (let position = references.length - 1; position >= 0; position--) {
    const block = references[position] as number
    next[position] = seen[block] as number
    seen[block] = position
  }
  return next
}

/**
 * Belady's optimum: it knows the future, and when it is full it drops the block whose next use is farthest away, which may be the one that just came. No
 * cache of the same capacity finds more blocks when they are touched, whether or not it must take in every block.
 * A heap of the blocks that it holds, the farthest next use on top.
 */
export class OptimumCache implements BlockCache {
  readonly #capacity: number
  readonly #nextUses: Int32Array
  #position = 0
  readonly #heap: Int32Array
  #size = 0
  /** Place of a block in the heap, or -1. */
  readonly #places: Int32Array
  /** Next use of each block that it holds. */
  readonly #uses: Int32Array
  #evictions = 0

  /** @param nextUse of every reference, in the order in which blocks will be touched */
  constructor(capacity: number, nextUse: Int32Array, uniqueBlocks: number) {
    this.#capacity = capacity
    this.#nextUses = nextUse
    // One more than the capacity for the block that comes in; never more than there are references.
    this.#heap = new Int32Array(Math.min(capacity, nextUse.length) + 1)
    this.#places = new Int32Array(uniqueBlocks).fill(-1)
    this.#uses = new Int32Array(uniqueBlocks)
  }

  get size(): number {
    return this.#size
  }

  get evictions(): number {
    return this.#evictions
  }

  has(block: number): boolean {
    return (this.#places[block] as number) >= 0
  }

  touch(block: number): boolean {
    // What was touched now is next used later than any block is due: it only moves up.
    const known = this.has(block)
    this.#uses[block] = this.#nextUses[this.#position++] as number
    if (known) {
      this.#rise(this.#places[block] as number)
      return true
    }
    this.#heap[this.#size] = block
    this.#places[block] = this.#size
    this.#size += 1
    this.#rise(this.#size - 1)
    if (this.#size > this.#capacity) {
      this.#dropTop()
      this.#evictions += 1
    }
    return false
  }

  #dropTop(): void {
    const top = this.#heap[0] as number
    const last = this.#heap[this.#size - 1] as number
    this.#places[top] = -1
    this.#size -= 1
    if (last === top) return
    this.#heap[0] = last
    this.#places[last] = 0
    this.#sink()
  }

  /** Lifts the block at a place of the heap until no farther one lies below it. */
  #rise(from: number): void {
    const [heap, uses, places] = [this.#heap, this.#uses, this.#places]
    const block = heap[from] as number
    const use = uses[block] as number
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent] as number
      if ((uses[above] as number) >= use) break
      heap[place] = above
      places[above] = place
      place = parent
    }
    heap[place] = block
    places[block] = place
  }

  /** Lowers the block on top. */
  #sink(): void {
    const [heap, uses, places] = [this.#heap, this.#uses, this.#places]
    const block = heap[0] as number
    const use = uses[block] as number
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#size) break
      const right = child + 1
      if (
        right < this.#size &&
        (uses[heap[right] as number] as number) > (uses[heap[child] as number] as number)
      ) {
        child = right
      }
      const below = heap[child] as number
      if ((uses[below] as number) <= use) break
      heap[place] = below
      places[below] = place
      place = child
    }
    heap[place] = block
    places[block] = place
  }
}
