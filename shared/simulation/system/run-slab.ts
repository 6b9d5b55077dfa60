import { RunIndex } from './run-index'

export const none = -1

/** Runs that there is room for at first. */
const firstCapacity = 1 << 12

/**
 * Runs of chunks in typed arrays, by number. A run is `count` consecutive chunks of one block and server that lie on one
 * satellite and were used one after another; `count` 0 stands for the block's manifest. Runs of a satellite are in a
 * list, least recently used first (manifests in one of their own); those of a block on a satellite are chained.
 */
export class RunSlab {
  satellite = new Int32Array(firstCapacity)
  block = new Int32Array(firstCapacity)
  server = new Int32Array(firstCapacity)
  first = new Int32Array(firstCapacity)
  count = new Int32Array(firstCapacity)
  /** Neighbours in the satellite's list. */
  older = new Int32Array(firstCapacity)
  newer = new Int32Array(firstCapacity)
  /** The block's next run on this satellite, or the next free run. */
  next = new Int32Array(firstCapacity)
  readonly #index = new RunIndex(this)
  #used = 0
  #free = none

  /** The first run of the chain, or `none`. */
  find(satellite: number, block: number): number {
    return this.#index.find(satellite, block)
  }

  /** A new run at the front of its block's chain, in no list yet. */
  add(satellite: number, block: number, server: number, first: number, count: number): number {
    const head = this.#index.find(satellite, block)
    const run = this.#take()
    this.satellite[run] = satellite
    this.block[run] = block
    this.server[run] = server
    this.first[run] = first
    this.count[run] = count
    this.older[run] = none
    this.newer[run] = none
    this.next[run] = head
    this.#index.put(run)
    return run
  }

  /** Take a run, which is in no list any more, out of its chain and free it. */
  remove(run: number): void {
    const satellite = this.satellite[run] as number
    const block = this.block[run] as number
    const after = this.next[run] as number
    const head = this.#index.find(satellite, block)
    if (head !== run) {
      let before = head
      while (this.next[before] !== run) before = this.next[before] as number
      this.next[before] = after
    } else if (after === none) {
      this.#index.delete(satellite, block)
    } else {
      this.#index.put(after)
    }
    this.next[run] = this.#free
    this.#free = run
  }

  #take(): number {
    const run = this.#free
    if (run !== none) {
      this.#free = this.next[run] as number
      return run
    }
    if (this.#used === this.block.length) this.#grow()
    return this.#used++
  }

  #grow(): void {
    const twice = (array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(array.length * 2)
      larger.set(array)
      return larger
    }
    this.satellite = twice(this.satellite)
    this.block = twice(this.block)
    this.server = twice(this.server)
    this.first = twice(this.first)
    this.count = twice(this.count)
    this.older = twice(this.older)
    this.newer = twice(this.newer)
    this.next = twice(this.next)
  }
}
