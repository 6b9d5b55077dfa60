/** Smallest table, slots. A power of two, as all sizes are. */
const smallest = 1 << 12
/** A table is doubled when more than this share of its slots is taken: linear probing slows down beyond. */
const mostFilled = 0.6
/** Numbers of a slot: run + 1, or 0 where it is free, then satellite and block. Side by side, so that a probe is one look at memory. */
const slotWidth = 3

/** Finds the first run of a block on a satellite: a hash table with open addressing, 12 bytes a slot. */
export class RunIndex {
  #slots = new Int32Array(smallest * slotWidth)
  #mask = smallest - 1
  #size = 0

  /** The run, or -1. */
  find(satellite: number, block: number): number {
    return (this.#slots[this.#placeOf(satellite, block)] as number) - 1
  }

  /** Put a run in the place of what was found under its key, if anything was. */
  put(satellite: number, block: number, run: number): void {
    const place = this.#placeOf(satellite, block)
    if (this.#slots[place] === 0) {
      this.#size += 1
      if (this.#size > (this.#mask + 1) * mostFilled) {
        this.#grow()
        this.#fill(this.#placeOf(satellite, block), satellite, block, run)
        return
      }
    }
    this.#fill(place, satellite, block, run)
  }

  delete(satellite: number, block: number): void {
    const slots = this.#slots
    let free = this.#placeOf(satellite, block)
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

  /** Where a key is in the table, or would be. */
  #placeOf(satellite: number, block: number): number {
    const slots = this.#slots
    let place = this.#home(satellite, block)
    while (slots[place] !== 0 && (slots[place + 2] !== block || slots[place + 1] !== satellite)) {
      place = this.#after(place)
    }
    return place
  }

  #fill(place: number, satellite: number, block: number, run: number): void {
    const slots = this.#slots
    slots[place] = run + 1
    slots[place + 1] = satellite
    slots[place + 2] = block
  }

  #home(satellite: number, block: number): number {
    let hash = Math.imul(block, 0x9e3779b1) ^ Math.imul(satellite + 1, 0x85ebca6b)
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
      const [satellite, block] = [before[place + 1] as number, before[place + 2] as number]
      this.#fill(this.#placeOf(satellite, block), satellite, block, entry - 1)
    }
  }
}
