import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BlockCut } from '#shared/simulation/system/block-cut'
import { SatelliteMemories } from '#shared/simulation/system/satellite-memories'
import { groupBySize } from '#shared/kvc/group-by-size'
import { packetBytes } from '#shared/kvc/block-shape'
import { chunkRange, chunksOfServer } from '#shared/kvc/chunks'
import { blockKey, ChunkStore, hashOf } from './chunk-store'

const blocks = 5
const servers = 3
const chunkBytes = 100
const byteLength = 1_730
const cut = new BlockCut(byteLength, chunkBytes, servers)
const keyOf = (block: number): string => blockKey(Uint8Array.from({ length: 32 }, () => block))
const indexOf = (server: number, own: number): number => server + own * servers

/** The store of one satellite, as the agents have it and as the simulation has it, doing the same. */
class Both {
  readonly real: ChunkStore
  readonly simulated: SatelliteMemories

  constructor(budgetBytes: number) {
    this.real = new ChunkStore(budgetBytes)
    this.simulated = new SatelliteMemories(2, budgetBytes, cut)
  }

  set(block: number, server: number, first: number, count: number): void {
    let stored = 0
    for (let own = first; own < first + count; own++) {
      const index = indexOf(server, own)
      const { start, end } = chunkRange(index, byteLength, chunkBytes)
      if (this.real.setChunk(keyOf(block), index, new Uint8Array(end - start))) stored += 1
    }
    expect(this.simulated.set(1, block, server, { first, count })).toBe(stored)
    const evicted = this.real.takeEvicted().map((key) => hashOf(key)[0] as number)
    const simulated = this.simulated.takeEvicted()
    expect(simulated?.chunks ?? 0).toBe(evicted.length)
    expect(simulated?.blocks ?? []).toEqual([...new Set(evicted)])
  }

  get(block: number, server: number, first: number, count: number): void {
    const missing = []
    for (let own = first; own < first + count; own++) {
      if (this.real.getChunk(keyOf(block), indexOf(server, own)) === null) missing.push(own)
    }
    const intervals = this.simulated.get(1, block, server, { first, count }) ?? []
    expect(intervals.flatMap((each) => Array.from({ length: each.count }, (_, i) => each.first + i))).toEqual(
      missing,
    )
  }

  check(): void {
    expect(this.simulated.chunksOf(1)).toBe(this.real.chunkCount)
    expect(this.simulated.bytesOf(1)).toBe(this.real.bytes)
    const order = [...this.real.oldestFirst()].map(({ block, index }) => `${hashOf(block)[0]}:${index}`)
    const runs = this.simulated.oldestFirst(1)
    const simulated = Array.from({ length: runs.length }, (_, i) => runs.run(i)).flatMap(
      ({ block, server, first, count }) =>
        Array.from({ length: count }, (_, i) => `${block}:${indexOf(server, first + i)}`),
    )
    expect(simulated).toEqual(order)
    for (let block = 0; block < blocks; block++) {
      expect(this.simulated.manifests.has(1, block)).toBe(this.real.manifest(keyOf(block)) !== null)
    }
  }
}

const chunkRangeOf = (server: number) =>
  fc.integer({ min: 0, max: cut.countOf(server) - 1 }).chain((first) =>
    fc.record({
      first: fc.constant(first),
      count: fc.integer({ min: 1, max: cut.countOf(server) - first }),
    }),
  )
const anyChunks = fc
  .integer({ min: 0, max: servers - 1 })
  .chain((server) => chunkRangeOf(server).map((range) => ({ server, ...range })))
const anyBlock = fc.integer({ min: 0, max: blocks - 1 })
const manifest = { chunkCount: 1, byteLength: 1, checksum: new Uint8Array(16), epoch: 0 }

const anyAct = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), block: anyBlock, chunks: anyChunks }),
  fc.record({ kind: fc.constant('get' as const), block: anyBlock, chunks: anyChunks }),
  fc.record({ kind: fc.constant('remove' as const), block: anyBlock, chunks: anyChunks }),
  fc.record({ kind: fc.constant('purge' as const), block: anyBlock }),
  fc.record({ kind: fc.constant('manifest' as const), block: anyBlock }),
  fc.record({ kind: fc.constant('forget' as const), block: anyBlock }),
)

describe('the simulated memory of a satellite', () => {
  test('does what the chunk store of an agent does, chunk by chunk', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 20, 30, 99, 100, 250, 999, 2_000, 6_000, 100_000),
        fc.array(anyAct, { maxLength: 60 }),
        (budget, acts) => {
          const both = new Both(budget)
          for (const act of acts) {
            const key = keyOf(act.block)
            switch (act.kind) {
              case 'set':
                both.set(act.block, act.chunks.server, act.chunks.first, act.chunks.count)
                break
              case 'get':
                both.get(act.block, act.chunks.server, act.chunks.first, act.chunks.count)
                break
              case 'remove': {
                const { server, first, count } = act.chunks
                both.simulated.removeChunks(1, { block: act.block, ...act.chunks })
                for (let i = 0; i < count; i++) both.real.removeChunk(key, indexOf(server, first + i))
                break
              }
              case 'purge':
                expect(both.simulated.removeBlock(1, act.block)).toBe(both.real.removeBlock(key).hadManifest)
                break
              case 'manifest':
                both.real.setManifest(key, manifest)
                both.simulated.manifests.put(1, act.block)
                break
              case 'forget':
                both.real.removeManifest(key)
                both.simulated.manifests.remove(1, act.block)
                break
            }
            both.check()
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('cuts blocks into packets as agents do', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6_000_000 }),
        fc.integer({ min: 40_000, max: 2_000_000 }),
        fc.integer({ min: 1, max: 7 }),
        (blockBytes, chunk, count) => {
          const any = new BlockCut(blockBytes, chunk, count)
          const sent = Array.from({ length: count }, (_, server) =>
            groupBySize(
              chunksOfServer(server, count, any.chunks).map((index) => {
                const { start, end } = chunkRange(index, blockBytes, chunk)
                return { index, bytes: { byteLength: end - start } as Uint8Array }
              }),
              packetBytes,
            ).map((group) => ({
              server,
              indices: group.map(({ index }) => index),
              bytes: group.reduce((sum, each) => sum + each.bytes.byteLength, 0),
            })),
          ).flat()
          expect(
            any.deliveries.map((each) => ({
              server: each.server,
              indices: Array.from({ length: each.count }, (_, i) => each.server + (each.first + i) * count),
              bytes: each.bytes,
            })),
          ).toEqual(sent)
          expect(any.requests.reduce((sum, each) => sum + each.bytes, 0)).toBe(blockBytes)
        },
      ),
    )
  })
})
