import { describe, expect, it } from 'vitest'
import { logTicks, xAxis, yRange } from './axis-range'
import type { LineChartSpec } from './chart-spec'

const spec = (changed: Partial<LineChartSpec>): LineChartSpec => ({
  title: '',
  unit: '%',
  xTitle: '',
  series: [],
  events: [],
  ...changed,
})

describe('axes of a drawing', () => {
  it('hold whole shares, begin at 0, or fit the values', () => {
    expect(yRange(spec({}), [0.2, 0.5])).toEqual([0, 1])
    expect(yRange(spec({ range: 'from-zero' }), [0.2, 0.4])).toEqual([0, 0.42000000000000004])
    const [low, high] = yRange(spec({ range: 'fitted' }), [0.2, 0.4])
    expect([low > 0.1 && low < 0.2, high > 0.4]).toEqual([true, true])
  })

  it('puts equal factors equally far apart', () => {
    const axis = xAxis(spec({ xLog: true }), [100, 10_000])
    expect([axis.share(100), axis.share(10_000)]).toEqual([0, 1])
    expect(axis.share(1000)).toBeCloseTo(0.5, 12)
    expect(axis.ticks).toEqual([100, 200, 500, 1000, 2000, 5000, 10_000])
    expect(logTicks(1, 1e6)).toEqual([1, 10, 100, 1000, 10_000, 100_000, 1_000_000])
  })

  it('has room for a single value', () => {
    expect(xAxis(spec({ xLog: true }), [10, 10]).share(10)).toBeCloseTo(0.5, 12)
    expect(xAxis(spec({}), [0, 0]).share(0)).toBe(0)
  })
})
