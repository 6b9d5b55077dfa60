import { chunkCount, chunkRange } from '#shared/kvc/chunks'

/** A block that is put together from chunks in any order, from pieces as they arrive. */
export class BlockAssembly {
  readonly #target: Uint8Array
  readonly #chunkBytes: number
  /** Bytes of each chunk that have been written, from its first on. */
  readonly #filled: Uint32Array

  /** @param target the block's bytes, of exactly its length */
  constructor(target: Uint8Array, chunkBytes: number) {
    this.#target = target
    this.#chunkBytes = chunkBytes
    this.#filled = new Uint32Array(chunkCount(target.byteLength, chunkBytes))
  }

  /**
   * A piece of a chunk; a chunk's pieces come in order, and one that was cut off is sent again from its start. What does
   * not fit the block is ignored.
   */
  write(index: number, offset: number, bytes: Uint8Array): void {
    if (offset === 0 && index < this.#filled.length) this.#filled[index] = 0
    if (this.#filled[index] !== offset || offset + bytes.byteLength > this.chunkLength(index)) return
    this.#target.set(bytes, index * this.#chunkBytes + offset)
    this.#filled[index] = offset + bytes.byteLength
  }

  isComplete(index: number): boolean {
    return this.#filled[index] === this.chunkLength(index)
  }

  chunkLength(index: number): number {
    const { start, end } = chunkRange(index, this.#target.byteLength, this.#chunkBytes)
    return end - start
  }

  get receivedBytes(): number {
    return this.#filled.reduce((sum, bytes) => sum + bytes, 0)
  }
}
