import { grown } from './grow'

/** Blocks of a page, a power of two: a page costs 1 kB, so that a block that is alone on its page costs no more. */
const pageBits = 8
const pageBlocks = 1 << pageBits
const withinPage = pageBlocks - 1

const none = -1
/** The page to which everything leads that is not there; nothing is ever written to it. */
const emptyPage = 0

/**
 * A table from blocks to places of other arrays, in pages: only pages with a block in them take memory, and they are used again. Blocks of one prompt have
 * consecutive numbers, so that a page is mostly full, or gone: memory goes with the blocks that are held, and a look-up is two reads
 * that are close to those before.
 */
export class BlockTable {
  /** The page of each range of blocks. */
  #pages = new Int32Array(16)
  #values = new Int32Array(16 * pageBlocks).fill(none)
  /** Blocks on each page; on a free page, the next free one. */
  #counts = new Int32Array(16)
  #usedPages = emptyPage + 1
  #freePage = none

  /** The value of a block, or -1. */
  get(block: number): number {
    const page = this.#pages[block >>> pageBits] ?? emptyPage
    return this.#values[page * pageBlocks + (block & withinPage)] as number
  }

  /** Adds a block that is not there. */
  add(block: number, value: number): void {
    const range = block >>> pageBits
    this.#pages = grown(this.#pages, range + 1, emptyPage)
    let page = this.#pages[range] as number
    if (page === emptyPage) {
      page = this.#takePage()
      this.#pages[range] = page
    }
    this.#values[page * pageBlocks + (block & withinPage)] = value
    this.#counts[page] = (this.#counts[page] as number) + 1
  }

  /** Removes a block that is there. */
  remove(block: number): void {
    const range = block >>> pageBits
    const page = this.#pages[range] as number
    this.#values[page * pageBlocks + (block & withinPage)] = none
    const left = (this.#counts[page] as number) - 1
    this.#counts[page] = left
    if (left > 0) return
    this.#pages[range] = emptyPage
    this.#counts[page] = this.#freePage
    this.#freePage = page
  }

  #takePage(): number {
    let page = this.#freePage
    if (page === none) {
      page = this.#usedPages++
      this.#values = grown(this.#values, this.#usedPages * pageBlocks, none)
      this.#counts = grown(this.#counts, this.#usedPages, 0)
    } else {
      this.#freePage = this.#counts[page] as number
    }
    this.#counts[page] = 0
    return page
  }
}
