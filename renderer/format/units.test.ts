import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatBitRate,
  formatByteRate,
  formatBytes,
  formatDateTime,
  formatDistance,
  formatDuration,
  formatInteger,
  formatMs,
  formatNumber,
  formatProgress,
  formatRate,
  formatShare,
  notMeasured,
  plural,
} from './units'

const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

describe('numbers with units', () => {
  it.each([
    [formatNumber(0), '0'],
    [formatNumber(3.14159), '3.14'],
    [formatNumber(31.4159), '31.4'],
    [formatNumber(314.159), '314'],
    [formatNumber(31_415.9), '31,416'],
    [formatNumber(0.0123), '0.012'],
    [formatNumber(1e-8), '1.0e-8'],
    [formatBytes(512), '512 B'],
    [formatBytes(1_023), '1,023 B'],
    [formatBytes(1_024), '1 KiB'],
    [formatByteRate(3 * 1_048_576), '3 MiB/s'],
    [formatBitRate(941.2), '941 Mbit/s'],
    [formatBitRate(2_354), '2.35 Gbit/s'],
    [formatDistance(2_274_123), '2,274 km'],
    [formatDistance(550), '550 m'],
    [formatRate(12.34), '12.3 /s'],
    [formatBytes(67_108_864), '64 MiB'],
    [formatBytes(2_883_584), '2.8 MiB'],
    [formatMs(0.25), '250 µs'],
    [formatMs(12.345), '12.3 ms'],
    [formatMs(12_345), '12.3 s'],
    [formatShare(0.8525), '85.3 %'],
    [formatProgress(0.999), '99 %'],
    [formatDuration(8.4), '8 s'],
    [formatDuration(65), '1 min 05 s'],
    [formatDuration(7_380), '2 h 03 min'],
    [formatInteger(1_234_567), '1,234,567'],
    [plural(1, 'trial'), '1 trial'],
    [plural(0, 'trial'), '0 trials'],
  ])('%s', (text, expected) => {
    expect(plain(text)).toBe(expected)
  })

  it('shows what was not measured as a dash, never as 0', () => {
    for (const format of [
      formatNumber,
      formatBytes,
      formatBitRate,
      formatMs,
      formatShare,
      formatDuration,
      formatInteger,
    ]) {
      for (const value of [null, undefined, Number.NaN]) expect(format(value)).toBe(notMeasured)
    }
  })

  it('never parts number and unit at the end of a line', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (value) => {
        for (const format of [formatBytes, formatMs, formatShare, formatDuration])
          expect(format(value)).not.toContain(' ')
      }),
    )
  })

  it('writes dates so that they sort', () => {
    const [early, late] = [new Date(2026, 0, 9, 8, 5, 3), new Date(2026, 10, 1, 0, 0, 0)].map((date) =>
      formatDateTime(date.getTime()),
    )
    expect([early, late]).toEqual(['2026-01-09 08:05:03', '2026-11-01 00:00:00'])
  })
})
