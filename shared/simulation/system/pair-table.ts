/** Smallest table, slots. A power of two, as all sizes are. */
const smallest = 1 << 12
/** A table is doubled when more than this share of its slots is taken: linear probing slows down beyond. */
const mostFilled = 0.6
/** Numbers of a slot: value + 1, or 0 where it is free, then both keys. Side by side, so that a probe is one look at memory. */
const slotWidth = 3

/** A number for each of some pairs of numbers: a hash table with open addressing, 12 bytes a slot. Values are 0 or more. */
export class PairTable {
  #slots = new Int32Array(smallest * slotWidth)
  #mask = smallest - 1
  #size = 0

  /** The value of a pair, or -1. */
  find(a: number, b: number): number {
    return (this.#slots[this.#placeOf(a, b)] as number) - 1
  }

  /** Give a pair this value in place of the one that it has, if any. */
  put(a: number, b: number, value: number): void {
    const place = this.#placeOf(a, b)
    if (this.#slots[place] === 0) {
      this.#size += 1
      if (this.#size > (this.#mask + 1) * mostFilled) {
        this.#grow()
        this.#fill(this.#placeOf(a, b), a, b, value)
        return
      }
    }
    this.#fill(place, a, b, value)
  }

  delete(a: number, b: number): void {
    const slots = this.#slots
    let free = this.#placeOf(a, b)
    if (slots[free] === 0) return
    this.#size -= 1
    // Move what was pushed past the freed slot back into it, so that no search stops too early.
    for (let place = this.#after(free); slots[place] !== 0; place = this.#after(place)) {
      const home = this.#home(slots[place + 1] as number, slots[place + 2] as number)
      if (this.#distance(home, place) < this.#distance(free, place)) continue
      slots.copyWithin(free, place, place + slotWidth)
      free = place
    }
    slots[free] = 0
  }

  /** Where a pair is in the table, or would be. */
  #placeOf(a: number, b: number): number {
    const slots = this.#slots
    let place = this.#home(a, b)
    while (slots[place] !== 0 && (slots[place + 2] !== b || slots[place + 1] !== a)) {
      place = this.#after(place)
    }
    return place
  }

  #fill(place: number, a: number, b: number, value: number): void {
    const slots = this.#slots
    slots[place] = value + 1
    slots[place + 1] = a
    slots[place + 2] = b
  }

  #home(a: number, b: number): number {
    let hash = Math.imul(b, 0x9e3779b1) ^ Math.imul(a + 1, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    return ((hash ^ (hash >>> 13)) & this.#mask) * slotWidth
  }

  #after(place: number): number {
    const next = place + slotWidth
    return next === this.#slots.length ? 0 : next
  }

  /** How far a place lies behind another one, around the end of the table. */
  #distance(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.#slots.length
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(before.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let place = 0; place < before.length; place += slotWidth) {
      const entry = before[place] as number
      if (entry === 0) continue
      const [a, b] = [before[place + 1] as number, before[place + 2] as number]
      this.#fill(this.#placeOf(a, b), a, b, entry - 1)
    }
  }
}
