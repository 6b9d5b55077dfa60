import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockKey, ChunkStore, hashOf } from './chunk-store'

const manifest = { chunkCount: 1, byteLength: 1, checksum: new Uint8Array(16), epoch: 0 }
const bytes = (length: number): Uint8Array => new Uint8Array(length)

describe('the chunk store', () => {
  test('keys are the hash, both ways', () => {
    const hash = Uint8Array.from({ length: 32 }, (_, i) => i * 8)
    expect([...hashOf(blockKey(hash))]).toEqual([...hash])
  })

  test('never holds more than its budget, and what it holds is what was put', () => {
    const operation = fc.record({
      block: fc.constantFrom('a', 'b', 'c', 'd'),
      index: fc.nat(5),
      length: fc.integer({ min: 1, max: 40 }),
    })
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        fc.integer({ min: 0, max: 200 }),
        (operations, budget) => {
          const store = new ChunkStore(budget)
          for (const { block, index, length } of operations) {
            const stored = store.setChunk(block, index, bytes(length))
            expect(stored).toBe(budget > 0 && length <= budget)
            if (stored) expect(store.getChunk(block, index)?.byteLength).toBe(length)
            expect(store.bytes).toBeLessThanOrEqual(budget)
            const listed = [...store.blocks()]
            expect(listed.reduce((sum, one) => sum + one.bytes, 0)).toBe(store.bytes)
            expect(listed.reduce((sum, one) => sum + one.chunks, 0)).toBe(store.chunkCount)
          }
        },
      ),
    )
  })

  test('evicts the least recently used chunk and says of which block', () => {
    const store = new ChunkStore(30)
    store.setChunk('old', 0, bytes(10))
    store.setChunk('new', 0, bytes(10))
    store.setChunk('new', 1, bytes(10))
    store.getChunk('old', 0)
    store.setChunk('more', 0, bytes(10))
    expect(store.takeEvicted()).toEqual(['new'])
    expect(store.takeEvicted()).toEqual([])
    expect(store.getChunk('old', 0)).not.toBeNull()
    expect(store.getChunk('new', 0)).toBeNull()
  })

  test('replacing a chunk is no eviction', () => {
    const store = new ChunkStore(30)
    store.setChunk('a', 0, bytes(10))
    store.setChunk('a', 0, bytes(20))
    expect(store.takeEvicted()).toEqual([])
    expect(store.bytes).toBe(20)
    expect(store.chunkCount).toBe(1)
  })

  test('removing a block takes all of it, its manifest too', () => {
    const store = new ChunkStore(100)
    store.setChunk('a', 0, bytes(10))
    store.setChunk('a', 9, bytes(10))
    store.setManifest('a', manifest)
    expect(store.removeBlock('a')).toEqual({ chunks: 2, hadManifest: true })
    expect(store.manifest('a')).toBeNull()
    expect(store.bytes).toBe(0)
    expect(store.takeEvicted()).toEqual([])
    expect(store.removeBlock('a')).toEqual({ chunks: 0, hadManifest: false })
  })

  test('hands chunks out in the order in which they would be evicted', () => {
    const store = new ChunkStore(100)
    for (const index of [0, 1, 2]) store.setChunk('a', index, bytes(10))
    store.getChunk('a', 0)
    expect([...store.oldestFirst()].map((chunk) => chunk.index)).toEqual([1, 2, 0])
  })
})
