import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeAck,
  decodeChunkSet,
  decodeGet,
  decodeHash,
  decodeLookup,
  decodeManifests,
  decodeNamedManifest,
  decodeRotated,
  encodeAck,
  encodeChunkSet,
  encodeGet,
  encodeLookup,
  encodeManifests,
  encodeNamedManifest,
  encodeRotated,
} from './messages'

const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const manifest = fc.record({
  chunkCount: u32,
  byteLength: u32,
  checksum: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  epoch: u32,
})
const chunk = fc.record({ index: u32, bytes: fc.option(fc.uint8Array({ maxLength: 50 })) })
const join = (parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

describe('message bodies', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(hash, fc.array(u32, { maxLength: 40 }), (h, indices) => {
        expect(decodeGet(join(encodeGet({ hash: h, indices })))).toEqual({ hash: h, indices })
      }),
    )
    fc.assert(
      fc.property(hash, fc.array(chunk, { maxLength: 20 }), (h, chunks) => {
        expect(decodeChunkSet(join(encodeChunkSet({ hash: h, chunks })))).toEqual({ hash: h, chunks })
      }),
    )
    fc.assert(
      fc.property(fc.array(hash, { maxLength: 20 }), (hashes) => {
        expect(decodeLookup(join(encodeLookup(hashes)))).toEqual(hashes)
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.option(manifest), { maxLength: 20 }), (manifests) => {
        expect(decodeManifests(join(encodeManifests(manifests)))).toEqual(manifests)
      }),
    )
    fc.assert(
      fc.property(hash, manifest, (h, m) => {
        expect(decodeNamedManifest(join(encodeNamedManifest({ hash: h, manifest: m })))).toEqual({
          hash: h,
          manifest: m,
        })
      }),
    )
    expect(decodeAck(join(encodeAck('stored')))).toBe('stored')
    expect(decodeAck(join(encodeAck('refused')))).toBe('refused')
    expect(decodeRotated(join(encodeRotated({ chunks: 7, bytes: 2 ** 40 })))).toEqual({
      chunks: 7,
      bytes: 2 ** 40,
    })
  })

  test('anything else is null, never a throw', () => {
    const decoders = [
      decodeGet,
      decodeChunkSet,
      decodeLookup,
      decodeManifests,
      decodeNamedManifest,
      decodeAck,
      decodeRotated,
      decodeHash,
    ]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
        for (const decode of decoders) decode(garbage)
      }),
    )
    for (const decode of decoders) expect(decode(new Uint8Array(0))).toBeNull()
  })

  test('a body that is cut short, or longer than it says, is refused', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const whole = join(encodeChunkSet({ hash: new Uint8Array(32), chunks: [{ index: 0, bytes }] }))
    expect(decodeChunkSet(whole.subarray(0, whole.length - 1))).toBeNull()
    expect(decodeChunkSet(join([whole, bytes]))).toBeNull()
    const lookup = join(encodeLookup([new Uint8Array(32)]))
    expect(decodeLookup(lookup.subarray(0, 20))).toBeNull()
  })
})
