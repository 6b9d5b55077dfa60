import { PairTable } from './pair-table'

/**
 * Blocks of a page. Blocks are numbered as they first come, and neighbours are mostly used together: the numbers of 16 runs
 * side by side are one cache line, and a table of pages is so small that the processor keeps it near.
 */
const pageBits = 4
const pageBlocks = 1 << pageBits

/** Pages that there is room for at first. */
const firstCapacity = 1 << 8

/** Finds the first run of a block on a satellite: in pages of neighbouring blocks, which a hash table finds. */
export class RunIndex {
  readonly #pageOf = new PairTable()
  /** Run + 1 of each block of a page; 0 = none. */
  #entries = new Int32Array(firstCapacity * pageBlocks)
  /** Entries of a page that are not 0. */
  #filled = new Uint8Array(firstCapacity)
  #used = 0
  readonly #free: number[] = []

  /** The run, or -1. */
  find(satellite: number, block: number): number {
    const page = this.#pageOf.find(satellite, block >> pageBits)
    return page === -1 ? -1 : (this.#entries[this.#entryOf(page, block)] as number) - 1
  }

  /** Put a run in the place of what is found there now, and answer that: a run, or -1. */
  put(satellite: number, block: number, run: number): number {
    let page = this.#pageOf.find(satellite, block >> pageBits)
    if (page === -1) {
      page = this.#take()
      this.#pageOf.put(satellite, block >> pageBits, page)
    }
    const entry = this.#entryOf(page, block)
    const before = this.#entries[entry] as number
    this.#entries[entry] = run + 1
    if (before === 0) this.#filled[page] = (this.#filled[page] as number) + 1
    return before - 1
  }

  /** @param block one of which a run is there */
  delete(satellite: number, block: number): void {
    const page = this.#pageOf.find(satellite, block >> pageBits)
    this.#entries[this.#entryOf(page, block)] = 0
    const filled = (this.#filled[page] as number) - 1
    this.#filled[page] = filled
    if (filled > 0) return
    this.#pageOf.delete(satellite, block >> pageBits)
    this.#free.push(page)
  }

  #entryOf(page: number, block: number): number {
    return (page << pageBits) + (block & (pageBlocks - 1))
  }

  /** A page without entries. */
  #take(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#used === this.#filled.length) {
      const [entries, filled] = [this.#entries, this.#filled]
      this.#entries = new Int32Array(entries.length * 2)
      this.#entries.set(entries)
      this.#filled = new Uint8Array(filled.length * 2)
      this.#filled.set(filled)
    }
    return this.#used++
  }
}
