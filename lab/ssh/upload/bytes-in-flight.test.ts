import { expect, it } from 'vitest'
import { bytesInFlight } from './bytes-in-flight'

it('keeps a line of 1 Gbit/s full at any round trip up to 16 ms, and memory within bounds', () => {
  const mebibyte = 1024 * 1024
  expect(bytesInFlight(0.05)).toBe(mebibyte)
  expect(bytesInFlight(10)).toBe(2_500_000)
  expect(bytesInFlight(500)).toBe(4 * mebibyte)
  expect(bytesInFlight(null)).toBe(4 * mebibyte)
  for (let ms = 0; ms <= 16; ms += 0.5) expect(bytesInFlight(ms)).toBeGreaterThanOrEqual(ms * 125_000)
})
