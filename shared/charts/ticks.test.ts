import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extent, niceTicks } from './ticks'

describe('niceTicks', () => {
  it('are round numbers within the range', () => {
    expect(niceTicks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100])
    expect(niceTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
  })

  it('ascend, stay inside and are few, for any range', () => {
    const spans = fc.double({ min: 1e-6, max: 1e9, noNaN: true })
    const offsets = fc.double({ min: -1000, max: 1000, noNaN: true })
    fc.assert(
      fc.property(offsets, spans, (offset, span) => {
        const low = offset * span
        const ticks = niceTicks(low, low + span, 6)
        expect(ticks.length).toBeLessThanOrEqual(8)
        ticks.forEach((tick, i) => {
          if (i > 0) expect(tick).toBeGreaterThan(ticks[i - 1]!)
          expect(tick).toBeGreaterThanOrEqual(low - span * 1e-6)
          expect(tick).toBeLessThanOrEqual(low + span * (1 + 1e-6))
        })
      }),
    )
  })

  it('survive a range without width', () => {
    expect(niceTicks(3, 3, 5)).toEqual([3])
  })
})

it('extent of nothing is null', () => {
  expect(extent([])).toBeNull()
  expect(extent([3, -1, 2])).toEqual([-1, 3])
})
