import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantile } from '#shared/stats/quantile'
import { BinnedValues, valuesPerBin } from './binned-values'

const sample = fc.record({
  x: fc.double({ min: 0, max: 40, noNaN: true }),
  y: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
})

describe('BinnedValues', () => {
  it('gives the quantiles of each bin at its middle', () => {
    const bins = new BinnedValues(1)
    for (const y of [10, 20, 30]) bins.add(0.2, y)
    bins.add(2.9, 7)
    expect(bins.points('p50', 0)).toEqual([
      { x: 0.5, y: 20 },
      { x: 2.5, y: 7 },
    ])
    expect(bins.points('p95', 0)[0]!.y).toBeCloseTo(29, 10)
  })

  it('looks back over the bins of its window', () => {
    const bins = new BinnedValues(1)
    bins.add(0, 1)
    bins.add(1, 3)
    bins.add(2, 5)
    expect(bins.points('mean', 1).map((point) => point.y)).toEqual([1, 2, 4])
  })

  it('divides sums for ratios: 3 of 8 blocks, not the mean of shares', () => {
    const bins = new BinnedValues(1)
    bins.add(0, 2, 2)
    bins.add(0, 1, 6)
    expect(bins.ratios(0)).toEqual([{ x: 0.5, y: 3 / 8 }])
  })

  it('has no ratio where nothing was counted, but a rate of 0', () => {
    const bins = new BinnedValues(1)
    bins.add(0, 0, 0)
    bins.add(2, 4, 1)
    expect(bins.ratios(0).map((point) => point.x)).toEqual([2.5])
    expect(bins.perUnit(0).map((point) => point.y)).toEqual([0, 0, 4])
  })

  it('changes the later points that look back on a bin when a value comes late', () => {
    const bins = new BinnedValues(1)
    bins.add(0, 1)
    bins.add(2, 5)
    expect(bins.points('mean', 2).map((point) => point.y)).toEqual([1, 3])
    bins.add(0, 6)
    expect(bins.points('mean', 2).map((point) => point.y)).toEqual([3.5, 4])
  })

  it('has rates for each unit of x, however wide its bins are', () => {
    const bins = new BinnedValues(2)
    bins.add(0, 4)
    bins.add(3, 2)
    expect(bins.perUnit(0)).toEqual([
      { x: 1, y: 2 },
      { x: 3, y: 1 },
    ])
  })

  it('takes no NaN: it means not measured', () => {
    const bins = new BinnedValues(1)
    bins.add(0, Number.NaN)
    expect(bins.count).toBe(0)
    expect(bins.points('p50', 0)).toEqual([])
  })

  it('computes the same points step by step as at once, in any order of samples', () => {
    fc.assert(
      fc.property(fc.array(sample), fc.integer({ min: 0, max: 6 }), (samples, trailing) => {
        const stepwise = new BinnedValues(1)
        for (const { x, y } of samples) {
          stepwise.add(x, y)
          stepwise.points('p95', trailing)
        }
        const expected = new Map<number, number>()
        for (const bin of new Set(samples.map(({ x }) => Math.floor(x)))) {
          const inWindow = samples.filter(({ x }) => Math.floor(x) <= bin && Math.floor(x) >= bin - trailing)
          const sorted = inWindow.map(({ y }) => y).sort((a, b) => a - b)
          expected.set(bin + 0.5, quantile(sorted, 0.95)!)
        }
        expect(stepwise.points('p95', trailing)).toEqual(
          [...expected].sort(([a], [b]) => a - b).map(([x, y]) => ({ x, y })),
        )
      }),
    )
  })

  it('forgets bins beyond its bound and counts what left', () => {
    const bins = new BinnedValues(1, 3)
    for (let x = 0; x < 5; x++) bins.add(x, x)
    expect(bins.points('mean', 0).map((point) => point.y)).toEqual([2, 3, 4])
    expect(bins.left).toBe(2)
    bins.add(0, 9)
    expect(bins.left).toBe(3)
  })

  it('bounds the values of one bin, but counts all of them in sums', () => {
    const bins = new BinnedValues(1)
    for (let i = 0; i < valuesPerBin + 10; i++) bins.add(0, 1)
    expect(bins.left).toBe(10)
    expect(bins.perUnit(0)).toEqual([{ x: 0.5, y: valuesPerBin + 10 }])
  })
})
