import { expect, it } from 'vitest'
import { Pace, progressOf } from './progress'

it('tells the time left from the pace so far, without pauses', () => {
  const pace = new Pace(0)
  expect(pace.remainingS({ done: 0, total: 100 }, 0)).toBeNull()
  pace.run(0)
  expect(pace.remainingS({ done: 25, total: 100 }, 10_000)).toBe(30)
  pace.stop(10_000)
  expect(pace.remainingS({ done: 25, total: 100 }, 99_000)).toBe(30)
  pace.run(100_000)
  expect(pace.remainingS({ done: 50, total: 100 }, 110_000)).toBe(20)
  expect(pace.remainingS({ done: 100, total: 100 }, 110_000)).toBe(0)
})

it('measures a resumed run from what it does now', () => {
  const pace = new Pace(50)
  pace.run(0)
  expect(pace.remainingS({ done: 50, total: 100 }, 5_000)).toBeNull()
  expect(pace.remainingS({ done: 60, total: 100 }, 5_000)).toBe(20)
})

it('keeps progress within 0..1', () => {
  expect(progressOf({ done: 0, total: 0 })).toBe(0)
  expect(progressOf({ done: 5, total: 4 })).toBe(1)
  expect(progressOf({ done: 1, total: 4 })).toBe(0.25)
})
