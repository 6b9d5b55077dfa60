import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  extendedPacket,
  openPacket,
  SftpDecoder,
  writeBuffer,
  writePacket,
  type SftpAnswer,
} from './sftp-packets'

const uint32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
]
const text = (value: string): number[] => [...uint32(Buffer.byteLength(value)), ...Buffer.from(value)]
const packet = (...content: number[]): number[] => [...uint32(content.length), ...content]

const version = packet(2, ...uint32(3), ...text('statvfs@openssh.com'), ...text('2'))
const status = packet(101, ...uint32(7), ...uint32(4), ...text('Failure'), ...text(''))
const handle = packet(102, ...uint32(8), ...text('\0\0\0\x01'))
const attributes = packet(
  105,
  ...uint32(9),
  ...uint32(7),
  ...uint32(1),
  ...uint32(2),
  ...uint32(0),
  ...uint32(0),
  ...uint32(0o100644),
)
const stream = Buffer.from([...version, ...status, ...handle, ...attributes])

const answers: SftpAnswer[] = [
  { kind: 'version', extensions: new Map([['statvfs@openssh.com', '2']]) },
  { kind: 'status', id: 7, code: 4, message: 'Failure' },
  { kind: 'handle', id: 8, handle: Buffer.from([0, 0, 0, 1]) },
  { kind: 'attributes', id: 9, size: 2 ** 32 + 2, mode: 0o100644 },
]

describe('answers', () => {
  it('are the same in whatever pieces they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), (cuts) => {
        const decoder = new SftpDecoder()
        const places = [0, ...cuts.sort((a, b) => a - b), stream.length]
        const got = places.slice(1).flatMap((end, i) => decoder.push(stream.subarray(places[i], end)))
        expect(got).toEqual(answers)
      }),
    )
    const decoder = new SftpDecoder()
    expect([...stream].flatMap((each) => decoder.push(Buffer.from([each])))).toEqual(answers)
  })

  it.each([
    [packet(99, 0), 'a packet of type 99'],
    [packet(101, 0, 0), 'a packet that ends too early'],
    [packet(102, ...uint32(1), ...uint32(1_000)), 'a packet that ends too early'],
    [uint32(0), 'a packet of 0 bytes'],
    [[...Buffer.from('Welcome to nuc1!')], 'a packet of 1466264675 bytes'],
  ])('that are none are refused: %j', (bytes, message) => {
    expect(() => new SftpDecoder().push(Buffer.from(bytes))).toThrow(message)
  })

  it('are read or refused, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        try {
          new SftpDecoder().push(Buffer.from(bytes))
        } catch (thrown) {
          expect((thrown as Error).message).toMatch(/^a packet/)
        }
      }),
    )
  })
})

it('writes requests as the draft lays them out', () => {
  expect([...openPacket(1, 'ä', 0x1a, 0o600)]).toEqual(
    packet(3, ...uint32(1), ...text('ä'), ...uint32(0x1a), ...uint32(4), ...uint32(0o600)),
  )
  expect([...extendedPacket(2, 'statvfs@openssh.com', '/tmp')]).toEqual(
    packet(200, ...uint32(2), ...text('statvfs@openssh.com'), ...text('/tmp')),
  )
  const buffer = writeBuffer(Buffer.from('hand'), 10)
  buffer.data.write('hello')
  expect([...writePacket(buffer, 3, 5, 2 ** 32 + 1)]).toEqual(
    packet(6, ...uint32(3), ...text('hand'), ...uint32(1), ...uint32(1), ...text('hello')),
  )
})
