import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clockOf, fineClock } from './clock'

describe('the offset of a clock', () => {
  it('is right within its uncertainty, whichever way takes longer', () => {
    const delay = fc.double({ min: 0, max: 500, noNaN: true })
    const exchange = fc.record({ there: delay, back: delay })
    const offset = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 30 }), offset, (ways, truth) => {
        const exchanged = ways.map(({ there, back }, index) => {
          const sent = 1_000 * index
          return { sent, host: sent + there + truth, received: sent + there + back }
        })
        const found = clockOf(exchanged)
        // A thousandth of a microsecond for the arithmetic.
        expect(Math.abs(found.offsetMs - truth)).toBeLessThanOrEqual(found.uncertaintyMs + 1e-6)
        const shortest = Math.min(...ways.map(({ there, back }) => there + back))
        expect(found.roundTripMs).toBeCloseTo(shortest, 6)
        expect(found.medianRoundTripMs).toBeGreaterThanOrEqual(found.roundTripMs)
      }),
    )
  })

  it('is that of the shortest exchange', () => {
    const slow = { sent: 0, host: 90, received: 100 }
    const fast = { sent: 200, host: 203, received: 204 }
    expect(clockOf([slow, fast])).toEqual({
      offsetMs: 1,
      uncertaintyMs: 2,
      roundTripMs: 4,
      medianRoundTripMs: 100,
      exchanges: 2,
    })
  })

  it('needs an exchange', () => {
    expect(() => clockOf([])).toThrow(RangeError)
  })
})

it('tells fractions of a millisecond that the wall clock bears out', () => {
  for (let round = 0; round < 20; round++) {
    const clock = fineClock()
    const before = Date.now()
    const fine = clock.now()
    const after = Date.now()
    // The wall clock is rounded down.
    expect(fine).toBeGreaterThanOrEqual(before - clock.uncertaintyMs)
    expect(fine).toBeLessThan(after + 1 + clock.uncertaintyMs)
  }
})
