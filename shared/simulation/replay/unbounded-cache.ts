import type { BlockCache } from './block-cache'

/** A cache without end: it holds every block that was touched, whatever the policy. */
export class UnboundedCache implements BlockCache {
  readonly evictions = 0
  #held = new Uint8Array(0)
  #size = 0

  get size(): number {
    return this.#size
  }

  reserve(count: number): void {
    if (count <= this.#held.length) return
    const held = new Uint8Array(Math.max(count, this.#held.length * 2))
    held.set(this.#held)
    this.#held = held
  }

  has(block: number): boolean {
    return this.#held[block] === 1
  }

  touch(block: number): boolean {
    if (this.#held[block] === 1) return true
    this.#held[block] = 1
    this.#size += 1
    return false
  }
}
