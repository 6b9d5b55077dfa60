import { describe, expect, test } from 'vitest'
import { TrialClock } from './trial-clock'

const never = new AbortController().signal

describe('the trial clock', () => {
  test('leaves pauses out', async () => {
    const clock = new TrialClock()
    clock.start()
    await clock.until(5, never)
    clock.pause()
    const before = clock.elapsedMs()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(clock.elapsedMs()).toBe(before)
    clock.resume()
    await clock.until(before + 5, never)
    expect(clock.elapsedMs()).toBeGreaterThanOrEqual(before + 5)
  })

  test('a wait that is under way when the trial is paused ends after it goes on', async () => {
    const clock = new TrialClock()
    clock.start()
    let over = false
    const wait = clock.until(10, never).then(() => (over = true))
    clock.pause()
    await new Promise((resolve) => setTimeout(resolve, 25))
    expect(over).toBe(false)
    clock.resume()
    await wait
    expect(clock.elapsedMs()).toBeGreaterThanOrEqual(10)
  })

  test('an abort ends a wait, also one for a time that has passed', async () => {
    const clock = new TrialClock()
    clock.start()
    const abort = new AbortController()
    const wait = clock.until(60_000, abort.signal)
    abort.abort(new Error('over'))
    await expect(wait).rejects.toThrow('over')
    await expect(clock.until(0, abort.signal)).rejects.toThrow('over')
  })
})
