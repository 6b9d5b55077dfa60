import { describe, expect, test } from 'vitest'
import { helloPacket } from '../../transport/handshake'
import { OperationClock, slowest } from './operation-clock'

const answer = (propagationUs: number) => ({ ...helloPacket('x', 'y'), propagationUs })

describe('the clock of an operation', () => {
  test('measures nothing while nothing was answered', () => {
    const clock = new OperationClock(true)
    clock.sent()
    expect(clock.timing()).toBeNull()
  })

  test('begins with the first packet, not before', async () => {
    const clock = new OperationClock(false)
    await new Promise((resolve) => setTimeout(resolve, 30))
    clock.sent()
    clock.answered(answer(5_000_000))
    expect(clock.timing()?.ms).toBeLessThan(30)
    expect(clock.timing()?.virtualMs).toBe(0)
  })

  test('virtual light time: the longest of a stage counts, and stages add up', () => {
    const clock = new OperationClock(true)
    clock.sent()
    clock.answered(answer(1_000_000))
    clock.answered(answer(3_000_000))
    clock.nextStage()
    clock.answered(answer(2_000_000))
    expect(clock.timing()?.virtualMs).toBeCloseTo(5_000, 0)
  })

  test('side by side, the slowest counts', () => {
    expect(slowest([])).toBeNull()
    expect(slowest([null, { ms: 5, virtualMs: 4 }, { ms: 3, virtualMs: 0 }])).toEqual({ ms: 5, virtualMs: 2 })
  })
})
