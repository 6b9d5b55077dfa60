import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { estimateClockOffset, type ClockExchange } from './clock-offset'
import { WallClock } from './wall-clock'

/** Fractions that add up without rounding. */
const ms = (max: number) => fc.integer({ min: 0, max: max * 1_024 }).map((part) => part / 1_024)

describe('the offset of another clock', () => {
  const way = fc.record({ there: ms(500), thinking: ms(50), back: ms(500), at: ms(1e6) })

  it('is right within its uncertainty, however slow and uneven the ways are', () => {
    fc.assert(
      fc.property(fc.array(way, { minLength: 1, maxLength: 20 }), ms(1e7), (ways, offset) => {
        const exchanges = ways.map(({ there, thinking, back, at }): ClockExchange => {
          const receivedAt = at + there + offset
          const returnedAt = at + there + thinking + back
          return { sentAt: at, receivedAt, answeredAt: receivedAt + thinking, returnedAt }
        })
        const found = estimateClockOffset(exchanges)
        expect(Math.abs((found?.offsetMs ?? NaN) - offset)).toBeLessThanOrEqual(found?.uncertaintyMs ?? NaN)
        const shortest = Math.min(...ways.map(({ there, back }) => there + back))
        expect(found?.uncertaintyMs).toBe(shortest / 2)
      }),
    )
  })

  it('comes from the exchange with the shortest way', () => {
    const slow = { sentAt: 0, receivedAt: 190, answeredAt: 190, returnedAt: 200 }
    const fast = { sentAt: 1_000, receivedAt: 1_053, answeredAt: 1_054, returnedAt: 1_007 }
    expect(estimateClockOffset([slow, fast])).toEqual({ offsetMs: 50, uncertaintyMs: 3 })
  })

  it('is not known without an exchange, or when a clock was set in every one of them', () => {
    expect(estimateClockOffset([])).toBeNull()
    expect(estimateClockOffset([{ sentAt: 0, receivedAt: 5, answeredAt: 4, returnedAt: 10 }])).toBeNull()
    expect(estimateClockOffset([{ sentAt: 10, receivedAt: 5, answeredAt: 5, returnedAt: 0 }])).toBeNull()
  })
})

describe('the wall clock with fractions', () => {
  /** A machine whose clocks move on by 0.01 ms with every look at them. */
  function machine(offsetMs: number) {
    let time = 0
    const look = (): number => (time += 0.01)
    const state = { offsetMs }
    const readers = { wallMs: () => Math.floor(look() + state.offsetMs), monotonicMs: look }
    return { readers, state, pass: (duration: number) => (time += duration), time: () => time }
  }

  it('finds the fraction that the machine does not tell', () => {
    fc.assert(
      fc.property(ms(1e6), (offset) => {
        const { readers, time } = machine(offset)
        const clock = new WallClock(readers)
        for (let look = 0; look < 3; look++) {
          const began = time()
          expect(Math.abs(clock.now() - (began + offset))).toBeLessThan(0.05)
        }
      }),
    )
  })

  it('follows a clock that was set', () => {
    const { readers, state, pass, time } = machine(100.5)
    const clock = new WallClock(readers)
    clock.now()
    state.offsetMs = 5_000.25
    pass(2_000)
    clock.now()
    expect(clock.now()).toBeCloseTo(time() + 5_000.25, 1)
  })

  it('does not hang on a clock that stands still', () => {
    let time = 0
    const clock = new WallClock({ wallMs: () => 7, monotonicMs: () => (time += 0.5) })
    expect(clock.now()).toBeGreaterThan(0)
  })
})
