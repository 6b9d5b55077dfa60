/** Smallest table, slots. A power of two, as all sizes are. */
const smallest = 1 << 12
/** A table is doubled when more than this share of its slots is taken: linear probing slows down beyond. */
const mostFilled = 0.6

/** What names an entry: a satellite and a block. */
export interface RunKeys {
  satellite: Int32Array
  block: Int32Array
}

/**
 * Finds the first run of a block on a satellite: a hash table of run numbers with open addressing, 4 bytes a slot.
 * The keys are those of the runs themselves.
 */
export class RunIndex {
  readonly #keys: RunKeys
  /** Run number + 1; 0 = free. */
  #slots = new Int32Array(smallest)
  #mask = smallest - 1
  #size = 0

  constructor(keys: RunKeys) {
    this.#keys = keys
  }

  /** The run, or -1. */
  find(satellite: number, block: number): number {
    return (this.#slots[this.#slotOf(satellite, block)] as number) - 1
  }

  /** Put a run in the place of what was found under its key, if anything was. */
  put(run: number): void {
    const { satellite, block } = this.#keys
    const slot = this.#slotOf(satellite[run] as number, block[run] as number)
    if (this.#slots[slot] === 0) {
      this.#size += 1
      if (this.#size > this.#slots.length * mostFilled) {
        this.#grow()
        return this.put(run)
      }
    }
    this.#slots[slot] = run + 1
  }

  delete(satellite: number, block: number): void {
    const slots = this.#slots
    let free = this.#slotOf(satellite, block)
    if (slots[free] === 0) return
    this.#size -= 1
    // Move what was pushed past the freed slot back into it, so that no search stops too early.
    for (let slot = (free + 1) & this.#mask; slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const run = (slots[slot] as number) - 1
      const home = this.#home(this.#keys.satellite[run] as number, this.#keys.block[run] as number)
      if (((slot - home) & this.#mask) < ((slot - free) & this.#mask)) continue
      slots[free] = run + 1
      free = slot
    }
    slots[free] = 0
  }

  #slotOf(satellite: number, block: number): number {
    const slots = this.#slots
    const keys = this.#keys
    let slot = this.#home(satellite, block)
    for (;;) {
      const entry = slots[slot] as number
      if (entry === 0) return slot
      if (keys.block[entry - 1] === block && keys.satellite[entry - 1] === satellite) return slot
      slot = (slot + 1) & this.#mask
    }
  }

  #home(satellite: number, block: number): number {
    let hash = Math.imul(block, 0x9e3779b1) ^ Math.imul(satellite + 1, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    return (hash ^ (hash >>> 13)) & this.#mask
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(before.length * 2)
    this.#mask = this.#slots.length - 1
    for (const entry of before) {
      if (entry === 0) continue
      const run = entry - 1
      const slot = this.#slotOf(this.#keys.satellite[run] as number, this.#keys.block[run] as number)
      this.#slots[slot] = entry
    }
    // The entry for which it grew is put, and counted, again.
    this.#size -= 1
  }
}
