type Numbers = Int32Array | Float64Array

/** A typed array that grows at its end; doubling keeps the mean cost of an entry constant. */
export class GrowingArray<T extends Numbers> {
  readonly #make: (length: number) => T
  #values: T
  #length = 0

  constructor(make: (length: number) => T, reserved = 1024) {
    this.#make = make
    this.#values = make(reserved)
  }

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow(this.#length + 1)
    this.#values[this.#length++] = value
  }

  pushAll(values: ArrayLike<number>): void {
    const end = this.#length + values.length
    if (end > this.#values.length) this.#grow(end)
    this.#values.set(values, this.#length)
    this.#length = end
  }

  /** A copy of what was pushed. */
  copy(): T {
    return this.#values.slice(0, this.#length) as T
  }

  /** A view of what was pushed; it is out of date after the next push. */
  view(): T {
    return this.#values.subarray(0, this.#length) as T
  }

  clear(): void {
    this.#length = 0
  }

  #grow(needed: number): void {
    const values = this.#make(Math.max(needed, this.#values.length * 2))
    values.set(this.view())
    this.#values = values
  }
}
