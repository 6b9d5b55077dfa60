import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChunkSetReader } from './chunk-set-reader'
import { decodeChunkSet, encodeChunkSet } from './messages'

const chunk = fc.record({
  index: fc.integer({ min: 0, max: 1_000 }),
  bytes: fc.option(fc.uint8Array({ maxLength: 60 })),
})
const chunks = fc.uniqueArray(chunk, { maxLength: 15, selector: (one) => one.index })

function readInPieces(body: Uint8Array, length: number) {
  const collected = new Map<number, number[]>()
  const reader = new ChunkSetReader((index, offset, bytes) => {
    const before = collected.get(index) ?? []
    expect(offset).toBe(before.length)
    collected.set(index, [...before, ...bytes])
  })
  for (let at = 0; at < body.length; at += length) reader.write(body.slice(at, at + length))
  return { reader, collected }
}

describe('the chunk set reader', () => {
  test('reads what decodeChunkSet reads, in pieces of any size', () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 80 }), (sent, length) => {
        const body = Uint8Array.from(
          encodeChunkSet({ hash: new Uint8Array(32), chunks: sent }).flatMap((part) => [...part]),
        )
        const { reader, collected } = readInPieces(body, length)
        const present = sent.filter((one) => one.bytes !== null)
        expect(reader.received()).toEqual(present.map((one) => one.index))
        for (const { index, bytes } of present) expect(collected.get(index) ?? []).toEqual([...(bytes ?? [])])
      }),
    )
  })

  test('whatever else arrives is reported exactly when decodeChunkSet refuses it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (garbage, length) => {
        const reader = new ChunkSetReader(() => undefined)
        for (let at = 0; at < garbage.length; at += length) reader.write(garbage.subarray(at, at + length))
        expect(reader.received() === null).toBe(decodeChunkSet(garbage) === null)
      }),
    )
  })
})
