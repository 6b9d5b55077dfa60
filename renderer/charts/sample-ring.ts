/**
 * The last `capacity` samples of a few numeric columns, in typed arrays: what a chart draws from.
 * NaN = not measured. When it is full, the oldest sample makes room, and is counted.
 */
export class SampleRing<C extends string> {
  readonly #columns: Record<C, Float64Array>
  readonly #names: readonly C[]
  readonly #capacity: number
  #written = 0

  constructor(names: readonly C[], capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`capacity ${capacity} is not 1 or more`)
    this.#names = names
    this.#capacity = capacity
    this.#columns = Object.fromEntries(names.map((name) => [name, new Float64Array(capacity)])) as Record<
      C,
      Float64Array
    >
  }

  /** Samples that were ever pushed; sample number n is there while `oldest` <= n < `written`. */
  get written(): number {
    return this.#written
  }

  get oldest(): number {
    return Math.max(0, this.#written - this.#capacity)
  }

  push(sample: Readonly<Record<C, number>>): void {
    const place = this.#written % this.#capacity
    for (const name of this.#names) this.#columns[name][place] = sample[name]
    this.#written++
  }

  /** @param n number of the sample, counted from the first one ever pushed */
  value(name: C, n: number): number {
    if (n < this.oldest || n >= this.#written) return Number.NaN
    return this.#columns[name][n % this.#capacity]!
  }
}
