import { LRUCache } from 'lru-cache'
import type { Manifest } from '#shared/kvc/manifest'

/** A block hash as a map key: one character a byte, the cheapest that JavaScript can compare. */
export type BlockKey = string
export const blockKey = (hash: Uint8Array): BlockKey =>
  Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1')
export const hashOf = (key: BlockKey): Uint8Array => Buffer.from(key, 'latin1')

interface StoredChunk {
  readonly block: BlockKey
  readonly index: number
  readonly bytes: Uint8Array
}

interface StoredBlock {
  /** By index. */
  readonly chunks: Map<number, StoredChunk>
  manifest: Manifest | null
}

/**
 * The memory of one satellite: chunks under a byte budget, least recently used evicted first, and the manifests
 * of the blocks for which it is server 0. Only chunk bytes count towards the budget.
 */
export class ChunkStore {
  readonly #blocks = new Map<BlockKey, StoredBlock>()
  /** A chunk is its own key: what a GET asks for is found by block and index, without making a key for each. */
  readonly #chunks: LRUCache<StoredChunk, StoredChunk> | null
  readonly #budgetBytes: number
  #evicted: BlockKey[] = []

  /** @param budgetBytes 0 stores nothing */
  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
    this.#chunks =
      budgetBytes === 0
        ? null
        : new LRUCache({
            maxSize: budgetBytes,
            sizeCalculation: (chunk) => Math.max(1, chunk.bytes.byteLength),
            dispose: (chunk, _key, reason) => {
              this.#forgetChunk(chunk)
              if (reason === 'evict') this.#evicted.push(chunk.block)
            },
          })
  }

  /** Stores a chunk and answers whether it fits at all. Evictions it caused wait in `takeEvicted`. */
  setChunk(block: BlockKey, index: number, bytes: Uint8Array): boolean {
    if (this.#chunks === null || bytes.byteLength > this.#budgetBytes) return false
    this.removeChunk(block, index)
    const chunk = { block, index, bytes }
    this.#blockOf(block).chunks.set(index, chunk)
    this.#chunks.set(chunk, chunk)
    return true
  }

  /** The chunk's bytes, which become the most recently used, or null. */
  getChunk(block: BlockKey, index: number): Uint8Array | null {
    const chunk = this.#blocks.get(block)?.chunks.get(index)
    return chunk === undefined ? null : (this.#chunks?.get(chunk)?.bytes ?? null)
  }

  setManifest(block: BlockKey, manifest: Manifest): void {
    this.#blockOf(block).manifest = manifest
  }

  manifest(block: BlockKey): Manifest | null {
    return this.#blocks.get(block)?.manifest ?? null
  }

  /** Removes all chunks of a block; answers whether its manifest was here. */
  removeBlock(block: BlockKey): { chunks: number; hadManifest: boolean } {
    const stored = this.#blocks.get(block)
    if (stored === undefined) return { chunks: 0, hadManifest: false }
    const result = { chunks: stored.chunks.size, hadManifest: stored.manifest !== null }
    for (const chunk of [...stored.chunks.values()]) this.#chunks?.delete(chunk)
    this.#blocks.delete(block)
    return result
  }

  removeChunk(block: BlockKey, index: number): void {
    const chunk = this.#blocks.get(block)?.chunks.get(index)
    if (chunk !== undefined) this.#chunks?.delete(chunk)
  }

  removeManifest(block: BlockKey): void {
    const stored = this.#blocks.get(block)
    if (stored === undefined) return
    stored.manifest = null
    if (stored.chunks.size === 0) this.#blocks.delete(block)
  }

  /** The blocks that lost a chunk to the budget since the last call, a block once per lost chunk. */
  takeEvicted(): BlockKey[] {
    const evicted = this.#evicted
    this.#evicted = []
    return evicted
  }

  /** All chunks, least recently used first: the order in which a migration keeps their recency. */
  *oldestFirst(): Generator<StoredChunk> {
    if (this.#chunks === null) return
    for (const chunk of [...this.#chunks.rvalues()]) if (chunk !== undefined) yield chunk
  }

  *manifests(): Generator<[BlockKey, Manifest]> {
    for (const [key, block] of this.#blocks) if (block.manifest !== null) yield [key, block.manifest]
  }

  *blocks(): Generator<{ key: BlockKey; chunks: number; bytes: number; manifest: boolean }> {
    for (const [key, block] of this.#blocks) {
      let bytes = 0
      for (const chunk of block.chunks.values()) bytes += chunk.bytes.byteLength
      yield { key, chunks: block.chunks.size, bytes, manifest: block.manifest !== null }
    }
  }

  get chunkCount(): number {
    return this.#chunks?.size ?? 0
  }

  get bytes(): number {
    return this.#chunks?.calculatedSize ?? 0
  }

  #blockOf(block: BlockKey): StoredBlock {
    let stored = this.#blocks.get(block)
    if (stored === undefined) {
      stored = { chunks: new Map(), manifest: null }
      this.#blocks.set(block, stored)
    }
    return stored
  }

  #forgetChunk({ block, index }: StoredChunk): void {
    const stored = this.#blocks.get(block)
    if (stored === undefined) return
    stored.chunks.delete(index)
    if (stored.chunks.size === 0 && stored.manifest === null) this.#blocks.delete(block)
  }
}
