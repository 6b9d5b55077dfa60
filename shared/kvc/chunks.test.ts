import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  chunkCount,
  chunkCountOfServer,
  chunkRange,
  chunksOfServer,
  largestShare,
  serverOfChunk,
} from './chunks'

test('a block of TinyLlama has 235 chunks, the last of them shorter', () => {
  expect(chunkCount(2_883_584, 12_288)).toBe(235)
  expect(chunkRange(0, 2_883_584, 12_288)).toEqual({ start: 0, end: 12_288 })
  expect(chunkRange(234, 2_883_584, 12_288)).toEqual({ start: 2_875_392, end: 2_883_584 })
})

test('chunks cover a block without gap or overlap', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 64, max: 5_000 }),
      (bytes, chunkBytes) => {
        let end = 0
        for (let chunk = 0; chunk < chunkCount(bytes, chunkBytes); chunk++) {
          const range = chunkRange(chunk, bytes, chunkBytes)
          expect(range.start).toBe(end)
          expect(range.end - range.start).toBeGreaterThan(0)
          expect(range.end - range.start).toBeLessThanOrEqual(chunkBytes)
          end = range.end
        }
        expect(end).toBe(bytes)
      },
    ),
  )
})

test('every chunk lives on exactly one server', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 500 }), (servers, chunks) => {
      const owners = new Array<number>(chunks).fill(-1)
      for (let server = 0; server < servers; server++) {
        const own = chunksOfServer(server, servers, chunks)
        expect(own).toHaveLength(chunkCountOfServer(server, servers, chunks))
        for (const chunk of own) {
          expect(owners[chunk]).toBe(-1)
          owners[chunk] = server
        }
      }
      owners.forEach((server, chunk) => expect(server).toBe(serverOfChunk(chunk, servers)))
    }),
  )
})

test('the largest share of a block is that of the server with most of its bytes', () => {
  expect(largestShare(16_384, 12_288, 9)).toBe(12_288)
  expect(largestShare(2_883_584, 12_288, 9)).toBe(26 * 12_288 + 8_192)
  expect(largestShare(25_000, 12_288, 2)).toBe(12_288 + 424)
  expect(largestShare(100, 12_288, 1)).toBe(100)
})
