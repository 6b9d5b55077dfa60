import fc from 'fast-check'
import { expect, it } from 'vitest'
import { halfFloat } from './half-float'

/** The number that the bits of a half stand for, from the definition. */
function valueOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 31
  const fraction = half & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}

it('gives back every half', () => {
  for (let half = 0; half < 65_536; half++) {
    const value = valueOf(half)
    if (Number.isNaN(value)) expect(valueOf(halfFloat(value))).toBeNaN()
    else expect(halfFloat(value)).toBe(half)
  }
})

it('gives the nearest half', () => {
  fc.assert(
    fc.property(fc.float({ min: -65_000, max: 65_000, noNaN: true }), (value) => {
      const half = halfFloat(value)
      const error = Math.abs(valueOf(half) - value)
      for (const other of [half - 1, half + 1]) {
        const near = valueOf(other & 0xffff)
        if (Number.isFinite(near)) expect(error).toBeLessThanOrEqual(Math.abs(near - value))
      }
    }),
  )
})

it('rounds what is half way to the even one, and what is too large to infinity', () => {
  expect(halfFloat(1 + 2 ** -11)).toBe(0x3c00)
  expect(halfFloat(1 + 3 * 2 ** -11)).toBe(0x3c02)
  expect(halfFloat(2 ** -25)).toBe(0)
  expect(halfFloat(65_519)).toBe(0x7bff)
  expect(halfFloat(65_520)).toBe(0x7c00)
  expect(halfFloat(-1e9)).toBe(0xfc00)
})
