import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addHistograms,
  histogramCount,
  histogramMax,
  histogramMean,
  histogramQuantile,
  mean,
  measured,
  quantile,
  summary,
} from './quantile'

describe('quantile, type 7', () => {
  // R: quantile(c(1, 2, 4, 8, 16), c(0, .25, .5, .9, 1)); quantile(1:10, .95)
  test.each([
    [[1, 2, 4, 8, 16], 0, 1],
    [[1, 2, 4, 8, 16], 0.25, 2],
    [[1, 2, 4, 8, 16], 0.5, 4],
    [[1, 2, 4, 8, 16], 0.9, 12.8],
    [[1, 2, 4, 8, 16], 1, 16],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95, 9.55],
    [[7], 0.99, 7],
    [[1, 2], 0.5, 1.5],
  ])('%j at %f is %f', (sorted, q, expected) => {
    expect(quantile(sorted, q)).toBeCloseTo(expected, 12)
  })

  test('nothing measured is null, never 0', () => {
    expect(quantile([], 0.5)).toBeNull()
    expect(mean([])).toBeNull()
    expect(summary([null, null])).toEqual({
      count: 0,
      mean: null,
      min: null,
      p50: null,
      p95: null,
      p99: null,
      max: null,
    })
  })

  test('lies between the smallest and the largest, and never falls as q rises', () => {
    const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1 })
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(values, share, share, (list, a, b) => {
        const sorted = measured(list)
        const [low, high] = a < b ? [a, b] : [b, a]
        const [lower, upper] = [quantile(sorted, low) as number, quantile(sorted, high) as number]
        const rounding = 1e-6
        expect(lower).toBeGreaterThanOrEqual((sorted[0] as number) - rounding)
        expect(upper).toBeLessThanOrEqual((sorted.at(-1) as number) + rounding)
        expect(lower).toBeLessThanOrEqual(upper + rounding)
      }),
    )
  })
})

describe('histograms', () => {
  const anyHistogram = fc.array(fc.nat(20), { maxLength: 12 })
  const expand = (histogram: readonly number[]) =>
    histogram.flatMap((count, value) => new Array<number>(count).fill(value))

  test('say exactly what the values that they count say', () => {
    fc.assert(
      fc.property(anyHistogram, fc.double({ min: 0, max: 1, noNaN: true }), (histogram, q) => {
        const values = expand(histogram)
        expect(histogramCount(histogram)).toBe(values.length)
        expect(histogramQuantile(histogram, q)).toBe(quantile(values, q))
        expect(histogramMean(histogram)).toBe(mean(values))
        expect(histogramMax(histogram)).toBe(values.at(-1) ?? null)
      }),
    )
  })

  test('add up, of different lengths', () => {
    expect(addHistograms([[1, 2], [], [0, 1, 5]])).toEqual([1, 3, 5])
    expect(addHistograms([])).toEqual([])
  })
})

test('the summary of 1..10 and a null, as R has it', () => {
  const values = [null, ...Array.from({ length: 10 }, (_, index) => 10 - index)]
  expect(summary(values)).toEqual({
    count: 10,
    mean: 5.5,
    min: 1,
    p50: 5.5,
    p95: expect.closeTo(9.55, 12) as number,
    p99: expect.closeTo(9.91, 12) as number,
    max: 10,
  })
})

test('measured sorts by number and leaves nulls out', () => {
  expect([...measured([10, null, 9, 100, 0])]).toEqual([0, 9, 10, 100])
})
