import { RunIndex } from './run-index'

export const none = -1

/** Runs that there is room for at first. */
const firstCapacity = 1 << 12

/**
 * Numbers of a run. They lie side by side, half a cache line: runs are many and used in any order, so that time goes into
 * waiting for memory, and mostly all numbers of a run are needed.
 */
const width = 8
const satelliteAt = 0
const blockAt = 1
const serverAt = 2
const firstAt = 3
const countAt = 4
const olderAt = 5
const newerAt = 6
const nextAt = 7

/**
 * Runs of chunks in a typed array, by number. A run is `count` consecutive chunks of one block and server that lie on one
 * satellite and were used one after another. Runs of a satellite are in a list by use, `older` and `newer` being the
 * neighbours there; those of a block on a satellite are chained by `next`.
 */
export class RunSlab {
  #numbers = new Int32Array(firstCapacity * width)
  readonly #index = new RunIndex()
  #used = 0
  /** The first of the free runs, which are chained by `next`. */
  #free = none

  satellite(run: number): number {
    return this.#numbers[run * width + satelliteAt] as number
  }

  block(run: number): number {
    return this.#numbers[run * width + blockAt] as number
  }

  server(run: number): number {
    return this.#numbers[run * width + serverAt] as number
  }

  first(run: number): number {
    return this.#numbers[run * width + firstAt] as number
  }

  count(run: number): number {
    return this.#numbers[run * width + countAt] as number
  }

  /** The chunk behind the run's last one. */
  end(run: number): number {
    const at = run * width
    return (this.#numbers[at + firstAt] as number) + (this.#numbers[at + countAt] as number)
  }

  older(run: number): number {
    return this.#numbers[run * width + olderAt] as number
  }

  newer(run: number): number {
    return this.#numbers[run * width + newerAt] as number
  }

  /** The block's next run on this satellite. */
  next(run: number): number {
    return this.#numbers[run * width + nextAt] as number
  }

  setChunks(run: number, first: number, count: number): void {
    const at = run * width
    this.#numbers[at + firstAt] = first
    this.#numbers[at + countAt] = count
  }

  setOlder(run: number, older: number): void {
    this.#numbers[run * width + olderAt] = older
  }

  setNewer(run: number, newer: number): void {
    this.#numbers[run * width + newerAt] = newer
  }

  /** The first run of a block's chain, or `none`. */
  find(satellite: number, block: number): number {
    return this.#index.find(satellite, block)
  }

  /** A new run at the front of its block's chain, in no list yet. */
  add(satellite: number, block: number, server: number, first: number, count: number): number {
    const run = this.#take()
    const numbers = this.#numbers
    const at = run * width
    numbers[at + satelliteAt] = satellite
    numbers[at + blockAt] = block
    numbers[at + serverAt] = server
    numbers[at + firstAt] = first
    numbers[at + countAt] = count
    numbers[at + olderAt] = none
    numbers[at + newerAt] = none
    numbers[at + nextAt] = this.#index.put(satellite, block, run)
    return run
  }

  /** Take a run, which is in no list any more, out of its chain and free it. */
  remove(run: number): void {
    const satellite = this.satellite(run)
    const block = this.block(run)
    const after = this.next(run)
    const head = this.#index.find(satellite, block)
    if (head !== run) {
      let before = head
      while (this.next(before) !== run) before = this.next(before)
      this.#setNext(before, after)
    } else if (after === none) {
      this.#index.delete(satellite, block)
    } else {
      this.#index.put(satellite, block, after)
    }
    this.#setNext(run, this.#free)
    this.#free = run
  }

  #setNext(run: number, next: number): void {
    this.#numbers[run * width + nextAt] = next
  }

  #take(): number {
    const run = this.#free
    if (run !== none) {
      this.#free = this.next(run)
      return run
    }
    if (this.#used * width === this.#numbers.length) {
      const larger = new Int32Array(this.#numbers.length * 2)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    return this.#used++
  }
}
