import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeHeader, headerBytes, maxBodyBytes, maxRouteSteps } from './frame'
import { FrameDecoder, type FrameEvent } from './frame-decoder'
import { PacketKind, type Packet } from './packet'

const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const micros = fc.double({ min: 0, max: 1e12, noNaN: true })
const position = fc.record({ slot: u16, plane: u16 })
const packet: fc.Arbitrary<Packet> = fc.record({
  kind: fc.constantFrom(...Object.values(PacketKind)),
  flags: fc.integer({ min: 0, max: 255 }),
  ttl: u16,
  hops: u16,
  requestHops: u16,
  requestId: u32,
  origin: position,
  destination: position,
  epoch: u32,
  propagationUs: micros,
  demandedUs: micros,
  achievedUs: micros,
  route: fc.array(fc.record({ slot: u16, plane: u16, propagationUs: micros }), { maxLength: 20 }),
  body: fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }),
})

function encode(sent: Packet, at: { slot: number; plane: number }): Uint8Array {
  return Buffer.concat([encodeHeader(sent, at), ...sent.body])
}

function decodeAll(pieces: Iterable<Uint8Array>): FrameEvent[] {
  const events: FrameEvent[] = []
  const decoder = new FrameDecoder((event) => events.push(event))
  for (const piece of pieces) {
    const reused = Uint8Array.from(piece)
    decoder.push(reused)
    reused.fill(0xaa) // a caller may reuse its buffer
  }
  return events
}

function* split(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  let offset = 0
  for (let i = 0; offset < bytes.byteLength; i++) {
    const length = Math.max(1, lengths[i % Math.max(1, lengths.length)] ?? 1)
    yield bytes.subarray(offset, offset + length)
    offset += length
  }
}

const flat = (sent: Packet): unknown => ({ ...sent, body: [...Buffer.concat(sent.body)] })

describe('the frame decoder', () => {
  test('gives back every packet, however the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(packet, position), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 10 }),
        (sent, lengths) => {
          const bytes = Buffer.concat(sent.map(([one, at]) => encode(one, at)))
          const events = decodeAll(split(bytes, lengths))
          expect(events.map((event) => event.kind)).toEqual(sent.map(() => 'packet'))
          events.forEach((event, i) => {
            if (event.kind !== 'packet') return
            const [expected, at] = sent[i] as [Packet, { slot: number; plane: number }]
            expect(flat(event.arrival.packet)).toEqual(flat(expected))
            expect(event.arrival.at).toEqual(at)
          })
        },
      ),
    )
  })

  test('byte by byte', () => {
    const [one] = fc.sample(packet, { numRuns: 1, seed: 3 }) as [Packet]
    const events = decodeAll(split(encode(one, { slot: 1, plane: 2 }), [1]))
    expect(events).toHaveLength(1)
    expect(events[0]?.kind).toBe('packet')
  })

  test('garbage ends in one error, never in a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (garbage) => {
        const events = decodeAll([garbage, garbage])
        expect(events.filter((event) => event.kind === 'error').length).toBeLessThanOrEqual(1)
        const error = events.findIndex((event) => event.kind === 'error')
        if (error !== -1) expect(error).toBe(events.length - 1)
      }),
    )
  })

  test('a flipped bit in a header never throws', () => {
    fc.assert(
      fc.property(packet, fc.nat(headerBytes * 8 - 1), (one, bit) => {
        const bytes = Uint8Array.from(encode(one, { slot: 0, plane: 0 }))
        const index = bit >> 3
        bytes[index] = (bytes[index] ?? 0) ^ (1 << (bit & 7))
        decodeAll([bytes])
      }),
    )
  })

  const header = (change: (view: DataView) => void): Uint8Array => {
    const bytes = new Uint8Array(headerBytes)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, headerBytes - 4, true)
    view.setUint8(4, 1)
    view.setUint8(5, PacketKind.get)
    change(view)
    return bytes
  }

  test.each([
    [
      'a body beyond the limit',
      (view: DataView) => view.setUint32(0, headerBytes - 4 + maxBodyBytes + 1, true),
      /body of/,
    ],
    ['a length that is too short', (view: DataView) => view.setUint32(0, 3, true), /shorter than its header/],
    ['another version', (view: DataView) => view.setUint8(4, 9), /version 9/],
    ['an unknown kind', (view: DataView) => view.setUint8(5, 200), /kind 200/],
    ['a route beyond the limit', (view: DataView) => view.setUint16(14, maxRouteSteps + 1, true), /route of/],
  ])('%s is refused before anything is allocated', (_name, change, message) => {
    const events = decodeAll([header(change)])
    expect(events).toHaveLength(1)
    const [event] = events
    expect(event?.kind === 'error' ? event.error.message : '').toMatch(message)
  })
})
