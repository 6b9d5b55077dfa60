/** Consecutive chunks of one server, counted among its own. */
export interface Interval {
  readonly first: number
  readonly count: number
}

/** Chunks of one block as they lie on one satellite. */
export interface StoredRun extends Interval {
  readonly block: number
  readonly server: number
}

/** Numbers of a run: block, server, first, count. */
const width = 4

/** Runs as they were at one moment: numbers, as there may be millions. */
export class StoredRuns {
  /** Blocks of which there are several runs. */
  readonly scattered = new Set<number>()
  readonly #numbers: Int32Array
  #length = 0

  /** @param capacity runs that there is room for */
  constructor(capacity: number) {
    this.#numbers = new Int32Array(capacity * width)
  }

  get length(): number {
    return this.#length
  }

  push(block: number, server: number, first: number, count: number): void {
    const numbers = this.#numbers
    const at = this.#length * width
    numbers[at] = block
    numbers[at + 1] = server
    numbers[at + 2] = first
    numbers[at + 3] = count
    this.#length += 1
  }

  block(index: number): number {
    return this.#numbers[index * width] as number
  }

  server(index: number): number {
    return this.#numbers[index * width + 1] as number
  }

  first(index: number): number {
    return this.#numbers[index * width + 2] as number
  }

  count(index: number): number {
    return this.#numbers[index * width + 3] as number
  }

  /** Adds a run of others. */
  copy(others: StoredRuns, index: number): void {
    this.push(others.block(index), others.server(index), others.first(index), others.count(index))
  }

  run(index: number): StoredRun {
    return {
      block: this.block(index),
      server: this.server(index),
      first: this.first(index),
      count: this.count(index),
    }
  }
}
