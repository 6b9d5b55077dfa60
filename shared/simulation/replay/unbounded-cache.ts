import type { BlockCache } from './block-cache'

const bitsAWord = 32

/** A cache without end: it holds every block that was touched, whatever the policy. A bit a block. */
export class UnboundedCache implements BlockCache {
  readonly evictions = 0
  #held = new Uint32Array(1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  has(block: number): boolean {
    // Behind the end of the array there is `undefined`, which counts as 0.
    return (((this.#held[block >>> 5] ?? 0) >>> (block & 31)) & 1) === 1
  }

  touch(block: number): boolean {
    if (this.has(block)) return true
    this.#reserve(block + 1)
    const word = block >>> 5
    this.#held[word] = (this.#held[word] as number) | (1 << (block & 31))
    this.#size += 1
    return false
  }

  #reserve(blocks: number): void {
    if (blocks <= this.#held.length * bitsAWord) return
    const held = new Uint32Array(Math.max(Math.ceil(blocks / bitsAWord), this.#held.length * 2))
    held.set(this.#held)
    this.#held = held
  }
}
