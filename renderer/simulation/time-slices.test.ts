import { describe, expect, it } from 'vitest'
import { inSlices, type SliceClock } from './time-slices'

/** Every look at the clock takes 3 ms. */
function slowClock(): SliceClock & { pauses: number } {
  let now = 0
  const clock = {
    pauses: 0,
    now: () => (now += 3),
    pause: async () => {
      clock.pauses += 1
    },
  }
  return clock
}

function* counting(to: number): Generator<number> {
  for (let i = 1; i <= to; i++) yield i
}

describe('a computation in slices', () => {
  it('gives way between slices, and ends with the last value', async () => {
    const clock = slowClock()
    const seen: number[] = []
    const isOver = await inSlices(
      counting(10),
      (value) => seen.push(value),
      new AbortController().signal,
      clock,
    )
    expect(isOver).toBe(true)
    expect(clock.pauses).toBeGreaterThan(1)
    expect(seen.at(-1)).toBe(10)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  })

  it('is done at once where it is quick', () => {
    const seen: number[] = []
    void inSlices(counting(3), (value) => seen.push(value), new AbortController().signal, {
      now: () => 0,
      pause: () => Promise.reject(new Error('no pause is needed')),
    })
    expect(seen).toEqual([3])
  })

  it('stops after the slice in which it was told to', async () => {
    const stop = new AbortController()
    const seen: number[] = []
    const isOver = await inSlices(
      counting(1e9),
      (value) => {
        seen.push(value)
        if (seen.length === 2) stop.abort()
      },
      stop.signal,
      slowClock(),
    )
    expect(isOver).toBe(false)
    expect(seen).toHaveLength(2)
  })
})
