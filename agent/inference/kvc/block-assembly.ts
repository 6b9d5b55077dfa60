import { crc32 } from 'node:zlib'
import { chunkCount, chunkRange } from '#shared/kvc/chunks'

/** A block that is put together from chunks in any order, each checked while its bytes are still in the processor's cache. */
export class BlockAssembly {
  readonly #target: Uint8Array
  readonly #chunkBytes: number
  readonly #checksums: Uint32Array
  /** Bytes of each chunk that have been written, from its first on. */
  readonly #filled: Uint32Array

  /** @param target the block's bytes, of exactly its length */
  constructor(target: Uint8Array, chunkBytes: number) {
    this.#target = target
    this.#chunkBytes = chunkBytes
    const chunks = chunkCount(target.byteLength, chunkBytes)
    this.#checksums = new Uint32Array(chunks)
    this.#filled = new Uint32Array(chunks)
  }

  /** A piece of a chunk; a chunk's pieces come in order. What does not fit the block is ignored. */
  write(index: number, offset: number, bytes: Uint8Array): void {
    if (offset === 0 && index < this.#filled.length) this.#restart(index)
    if (this.#filled[index] !== offset || offset + bytes.byteLength > this.chunkLength(index)) return
    this.#target.set(bytes, index * this.#chunkBytes + offset)
    this.#checksums[index] = crc32(bytes, this.#checksums[index])
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

  /** The block's checksum as its manifest states it; only of a whole block. */
  checksum(): number {
    return crc32(new Uint8Array(this.#checksums.buffer))
  }

  /** A chunk that was cut off by a lost connection is sent again from its start. */
  #restart(index: number): void {
    this.#checksums[index] = 0
    this.#filled[index] = 0
  }
}

/** The checksum of a whole block: CRC-32 over the CRC-32s of its chunks. */
export function blockChecksum(bytes: Uint8Array, chunkBytes: number): number {
  const chunks = chunkCount(bytes.byteLength, chunkBytes)
  const checksums = Uint32Array.from({ length: chunks }, (_, index) => {
    const { start, end } = chunkRange(index, bytes.byteLength, chunkBytes)
    return crc32(bytes.subarray(start, end))
  })
  return crc32(new Uint8Array(checksums.buffer))
}
