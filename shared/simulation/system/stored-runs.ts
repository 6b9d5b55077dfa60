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

  run(index: number): StoredRun {
    const numbers = this.#numbers
    const at = index * width
    return {
      block: numbers[at] as number,
      server: numbers[at + 1] as number,
      first: numbers[at + 2] as number,
      count: numbers[at + 3] as number,
    }
  }
}
