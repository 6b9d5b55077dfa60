import { SkyError } from '../../contract/errors'
import { NumberTable } from './number-table'

/** Ids of blocks are kept in 32 bits. */
const mostUniqueBlocks = 2 ** 31 - 1

/**
 * Gives blocks dense numbers from 0 in the order of their first use. A file that numbers its blocks in this way itself (Mooncake's traces do) costs no
 * memory here, whatever its size; for any other, a table of 20 to 40 B a distinct block is kept.
 */
export class BlockNumbers {
  /** Ids below are their own numbers. */
  #identity = 0
  #count = 0
  readonly #table = new NumberTable()

  /** Distinct blocks so far. */
  get count(): number {
    return this.#count
  }

  /** The number of the block that a file calls `id`. */
  numberOf(id: number): number {
    if (id >= 0 && id < this.#identity) return id
    if (id === this.#count && this.#identity === this.#count) {
      this.#identity += 1
      return this.fresh()
    }
    const known = this.#table.get(id)
    if (known >= 0) return known
    const number = this.fresh()
    this.#table.add(id, number)
    return number
  }

  /** The number of a block that is equal to no other. */
  readonly fresh = (): number => {
    if (this.#count === mostUniqueBlocks) {
      throw new SkyError('not_supported', `the trace has more than ${mostUniqueBlocks} distinct blocks`)
    }
    return this.#count++
  }
}
