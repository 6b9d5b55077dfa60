import { hashText } from '#shared/kvc/block-hash'
import type { BlockToStore } from '../inference/kvc/block-store'
import type { BlockCache } from '../inference/kvc/kvc-client'

const timing = { ms: 1, virtualMs: 0 }

/** A cache in this process that tells what was stored, and can lose blocks. */
export class MemoryCache implements BlockCache {
  readonly #blocks = new Map<string, Uint8Array>()
  /** Blocks of each store, in order: how many. */
  readonly stores: number[] = []
  /** Waited for before blocks are stored. */
  beforeStore: () => Promise<void> = () => Promise.resolve()

  /** Its manifest stays, its bytes are gone. */
  lose(hash: Uint8Array): void {
    this.#blocks.set(hashText(hash), new Uint8Array(0))
  }

  lookup(hashes: readonly Uint8Array[]) {
    const missing = hashes.findIndex((hash) => !this.#blocks.has(hashText(hash)))
    const found = hashes.slice(0, missing === -1 ? hashes.length : missing)
    const manifests = found.map(() => ({
      byteLength: 1,
      chunkCount: 1,
      chunkBytes: 1,
      checksum: new Uint8Array(32),
      epoch: 0,
    }))
    return Promise.resolve({ manifests, timing })
  }

  fetch(hashes: readonly Uint8Array[]) {
    const all = hashes.map((hash) => this.#blocks.get(hashText(hash)) ?? new Uint8Array(0))
    const purged = all.flatMap((bytes, i) => (bytes.byteLength === 0 ? [i] : []))
    const blocks = all.slice(0, purged[0] ?? all.length)
    const bytesRead = all.reduce((sum, bytes) => sum + bytes.byteLength, 0)
    return Promise.resolve({
      blocks,
      purged,
      receivedBytes: all.map((bytes) => bytes.byteLength),
      stats: {
        chunksFetched: blocks.length,
        bytesRead,
        hopsHistogram: [blocks.length],
        propagationMs: null,
        routes: [],
      },
      timing: bytesRead === 0 ? null : timing,
    })
  }

  async store(blocks: readonly BlockToStore[]) {
    await this.beforeStore()
    let bytesWritten = 0
    for (const { hash, bytes } of blocks) {
      const block = await bytes()
      this.#blocks.set(hashText(hash), block)
      bytesWritten += block.byteLength
    }
    this.stores.push(blocks.length)
    return { visible: blocks.length, bytesWritten, timing }
  }
}
