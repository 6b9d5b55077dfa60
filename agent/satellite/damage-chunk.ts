import type { BlockKey, ChunkStore } from './chunk-store'

/** Harm one chunk of a block as radiation would: nobody is told. Answers whether there was one. */
export function damageChunk(store: ChunkStore, block: BlockKey, how: 'corrupt' | 'lose'): boolean {
  for (const chunk of store.oldestFirst()) {
    if (chunk.block !== block) continue
    if (how === 'lose') {
      store.removeChunk(block, chunk.index)
      return true
    }
    const bytes = Uint8Array.from(chunk.bytes)
    const middle = bytes.byteLength >> 1
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    store.setChunk(block, chunk.index, bytes)
    return true
  }
  return false
}
