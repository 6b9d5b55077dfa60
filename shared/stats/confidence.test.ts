import { describe, expect, test } from 'vitest'
import { meanInterval, standardDeviation, studentTCentral, studentTQuantile } from './confidence'

describe("Student's t", () => {
  // Published two-sided table: probability, degrees of freedom, t.
  test.each([
    [0.95, 1, 12.706],
    [0.95, 2, 4.303],
    [0.95, 3, 3.182],
    [0.95, 4, 2.776],
    [0.95, 5, 2.571],
    [0.95, 9, 2.262],
    [0.95, 10, 2.228],
    [0.95, 30, 2.042],
    [0.95, 120, 1.98],
    [0.9, 1, 6.314],
    [0.9, 7, 1.895],
    [0.99, 1, 63.657],
    [0.99, 2, 9.925],
    [0.99, 20, 2.845],
    [0.999, 8, 5.041],
  ])('%f within ± t of %i degrees: t = %f', (probability, degrees, t) => {
    expect(studentTQuantile(probability, degrees)).toBeCloseTo(t, 3)
  })

  test('to more digits', () => {
    expect(studentTQuantile(0.95, 1)).toBeCloseTo(12.706204736174694, 10)
    expect(studentTQuantile(0.95, 5)).toBeCloseTo(2.5705818356363146, 12)
    expect(studentTQuantile(0.95, 100)).toBeCloseTo(1.9839715185235518, 12)
  })

  test('approaches the normal distribution', () => {
    expect(studentTQuantile(0.95, 100_000)).toBeCloseTo(1.95996, 4)
  })

  test('the quantile inverts the distribution', () => {
    for (let degrees = 1; degrees < 50; degrees++) {
      for (const probability of [0.01, 0.5, 0.8, 0.95, 0.999]) {
        const t = studentTQuantile(probability, degrees)
        expect(studentTCentral(t, degrees)).toBeCloseTo(probability, 10)
      }
    }
  })

  test.each([
    [0, 5],
    [1, 5],
    [0.95, 0],
    [0.95, 1.5],
  ])('refuses probability %f with %f degrees', (probability, degrees) => {
    expect(() => studentTQuantile(probability, degrees)).toThrow(RangeError)
  })
})

describe('meanInterval', () => {
  test('by hand: 1..5 has s = sqrt(2.5), t(4) = 2.776', () => {
    const interval = meanInterval([1, 2, 3, 4, 5])
    expect(interval?.mean).toBe(3)
    expect(interval?.halfWidth).toBeCloseTo((2.7764451 * Math.sqrt(2.5)) / Math.sqrt(5), 6)
  })

  test('one value has no interval, no values have no mean', () => {
    expect(meanInterval([4])).toEqual({ count: 1, mean: 4, halfWidth: null })
    expect(meanInterval([])).toBeNull()
    expect(standardDeviation([4])).toBeNull()
  })

  test('a higher level is wider; equal values have no width', () => {
    const values = [3, 5, 4, 8]
    const [low, high] = [meanInterval(values, 0.9), meanInterval(values, 0.99)]
    expect(high?.halfWidth).toBeGreaterThan(low?.halfWidth ?? Infinity)
    expect(meanInterval([2, 2, 2])?.halfWidth).toBe(0)
  })
})
