import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packetBytes } from '../../kvc/block-shape'
import { groupBySize } from '../../kvc/group-by-size'
import { BlockCut } from './block-cut'
import { Parcels } from './parcels'
import { SatelliteMemories } from './satellite-memories'

const servers = 2
const blocks = 4
/** Chunks of many sizes, some larger than a packet, and blocks that end with any part of one. */
const anyShape = fc
  .integer({ min: 90_000, max: 2_500_000 })
  .chain((chunkBytes) =>
    fc.integer({ min: 1, max: 30 * chunkBytes }).map((byteLength) => ({ chunkBytes, byteLength })),
  )
const anyUse = fc.record({
  block: fc.nat(blocks - 1),
  server: fc.nat(servers - 1),
  first: fc.nat(),
  count: fc.nat(),
})

test('what a satellite stores is packed as agents pack it', () => {
  fc.assert(
    fc.property(anyShape, fc.array(anyUse, { maxLength: 30 }), ({ chunkBytes, byteLength }, uses) => {
      const cut = new BlockCut(byteLength, chunkBytes, servers)
      const memories = new SatelliteMemories(1, 1e12, cut)
      for (const { block, server, first, count } of uses) {
        const own = cut.countOf(server)
        if (own === 0) continue
        const from = first % own
        memories.set(0, block, server, { first: from, count: 1 + (count % (own - from)) })
      }
      memories.manifests.put(0, 3)
      memories.manifests.put(0, 1)

      const stored = memories.oldestFirst(0)
      const chunksOf = new Map<number, { name: string; bytes: Uint8Array }[]>()
      for (let run = 0; run < stored.length; run++) {
        const [block, server, first] = [stored.block(run), stored.server(run), stored.first(run)]
        const chunks = chunksOf.get(block) ?? []
        chunksOf.set(block, chunks)
        for (let chunk = first; chunk < first + stored.count(run); chunk++) {
          const bytes = { byteLength: cut.bytesOf(server, chunk, 1) } as Uint8Array
          chunks.push({ name: `${block} ${server} ${chunk}`, bytes })
        }
      }
      const expected = [...chunksOf.values()]
        .flatMap((chunks) => groupBySize(chunks, packetBytes))
        .map((group) => ({
          chunks: group.map(({ name }) => name),
          bytes: group.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
        }))

      const packed = []
      const parcels = new Parcels(memories, cut, 0)
      let parcel = parcels.next()
      for (; parcel !== null && parcel.chunks > 0; parcel = parcels.next()) {
        const chunks = parcel.runs.flatMap(({ block, server, first, count }) =>
          Array.from({ length: count }, (_, i) => `${block} ${server} ${first + i}`),
        )
        expect(parcel.chunks).toBe(chunks.length)
        packed.push({ chunks, bytes: parcel.bytes })
      }
      expect(packed).toEqual(expected)
      expect([parcel?.block, parcels.next()?.block, parcels.next()]).toEqual([3, 1, null])
    }),
    { numRuns: 300 },
  )
})
