import { describe, expect, it } from 'vitest'
import type { TensorToWrite } from './gguf-writer'
import { tensorBytes } from './gguf-writer'
import { randomHalves, randomNumbers, randomQ4 } from './random-tensor'

const bytesOf = (tensor: TensorToWrite): Buffer =>
  Buffer.concat([...tensor.pieces()].map((piece) => Buffer.from(piece)))

/** A half that is neither infinite nor none, from its definition. */
function halfOf(bits: number): number {
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 1023
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25)
  return bits & 0x8000 ? -size : size
}

function halvesOf(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 2 }, (_, index) => halfOf(bytes.readUInt16LE(2 * index)))
}

/** Values of q4_0 blocks: the first half of a block lies in the low bits, the second in the high ones. */
function q4Of(bytes: Buffer): number[] {
  const values: number[] = []
  for (let at = 0; at < bytes.length; at += 18) {
    const scale = halfOf(bytes.readUInt16LE(at))
    const packed = bytes.subarray(at + 2, at + 18)
    values.push(...[...packed].map((byte) => scale * ((byte & 15) - 8)))
    values.push(...[...packed].map((byte) => scale * ((byte >>> 4) - 8)))
  }
  return values
}

function moments(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length
  const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length
  return { mean, deviation: Math.sqrt(variance) }
}

const shape = [512, 1_024] as const
const deviation = 1 / Math.sqrt(512)

describe.each([
  ['halves', randomHalves, halvesOf],
  ['q4_0 blocks', randomQ4, q4Of],
])('random %s', (_, make, valuesOf) => {
  const tensor = make(1, 'a.weight', shape, deviation)
  const bytes = bytesOf(tensor)
  const values = valuesOf(bytes)

  it('fill their tensor', () => {
    expect(bytes.length).toBe(tensorBytes(tensor))
    expect(values).toHaveLength(512 * 1_024)
  })

  it('have the deviation that was asked for, and no side that they lean to', () => {
    const all = moments(values)
    expect(all.deviation / deviation).toBeGreaterThan(0.98)
    expect(all.deviation / deviation).toBeLessThan(1.02)
    // Half a million values: ten standard errors of the mean; blocks of 32 share their lean.
    expect(Math.abs(all.mean)).toBeLessThan((10 * deviation) / Math.sqrt(values.length))
  })

  it('depend on seed and name alone', () => {
    expect(bytesOf(make(1, 'a.weight', shape, deviation)).equals(bytes)).toBe(true)
    expect(bytesOf(make(2, 'a.weight', shape, deviation)).equals(bytes)).toBe(false)
    expect(bytesOf(make(1, 'b.weight', shape, deviation)).equals(bytes)).toBe(false)
  })
})

it('makes numbers of a span', () => {
  const bytes = bytesOf(randomNumbers(1, 'norm', [64, 64], { from: 0.9, span: 0.2 }))
  const values = Array.from({ length: 4_096 }, (_, index) => bytes.readFloatLE(4 * index))
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0.9)
  expect(Math.max(...values)).toBeLessThanOrEqual(1.1)
  expect(moments(values).mean).toBeCloseTo(1, 2)
})

it('makes tensors that are larger than a piece', () => {
  const tensor = randomQ4(1, 'large', [2_048, 8_192], 1)
  const sizes = [...tensor.pieces()].map((piece) => piece.length)
  expect(sizes.length).toBeGreaterThan(2)
  expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(tensorBytes(tensor))
})
