/** Largest share of the slots that is used; probing gets slow above. */
const fullest = 0.6

/** A hash table from whole numbers (any safe integer) to whole numbers from 0 on: open addressing in typed arrays, 12 B a slot. */
export class NumberTable {
  #keys = new Float64Array(1024).fill(NaN)
  #values = new Int32Array(1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The value of a key, or -1. */
  get(key: number): number {
    const slot = this.#slotOf(key)
    return this.#keys[slot] === key ? (this.#values[slot] as number) : -1
  }

  /** Adds a key that is not there yet. */
  add(key: number, value: number): void {
    if (this.#size + 1 > this.#keys.length * fullest) this.#grow()
    const slot = this.#slotOf(key)
    this.#keys[slot] = key
    this.#values[slot] = value
    this.#size += 1
  }

  /** Where a key is, or the free slot where it belongs. */
  #slotOf(key: number): number {
    const keys = this.#keys
    const mask = keys.length - 1
    let slot = hashOf(key) & mask
    for (;;) {
      const there = keys[slot] as number
      // NaN marks a free slot and equals nothing.
      if (there === key || there !== there) return slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values]
    this.#keys = new Float64Array(keys.length * 2).fill(NaN)
    this.#values = new Int32Array(keys.length * 2)
    for (let old = 0; old < keys.length; old++) {
      const key = keys[old] as number
      if (key !== key) continue
      const slot = this.#slotOf(key)
      this.#keys[slot] = key
      this.#values[slot] = values[old] as number
    }
  }
}

/** Mixes both halves of a whole number, so that neighbours and multiples land far apart. */
function hashOf(key: number): number {
  const low = key | 0
  const high = Math.floor(key / 0x1_0000_0000) | 0
  let mixed = Math.imul(low ^ Math.imul(high, 0x9e37_79b1), 0x85eb_ca6b)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0xc2b2_ae35)
  return (mixed ^ (mixed >>> 13)) >>> 0
}
