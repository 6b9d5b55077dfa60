import { expect, it } from 'vitest'
import type { SatelliteClient } from '../hosts/lab-hosts'
import { ClockWatch } from './clock-watch'

/** A host whose clock is ahead by so much, and which answers after a while. */
function aHost(aheadMs: number, answersAfterMs: number): SatelliteClient {
  return {
    call: async () => {
      const at = performance.timeOrigin + performance.now() + aheadMs
      await new Promise((resolve) => setTimeout(resolve, answersAfterMs))
      return { receivedAt: at, answeredAt: at }
    },
  } as unknown as SatelliteClient
}

const never = new AbortController().signal

it('knows nothing before the first exchange, and goes by the best of the last half minute', async () => {
  const watch = new ClockWatch()
  expect(watch.offset).toBeNull()
  await watch.exchange(aHost(60_000, 0), never)
  const first = watch.offset!
  expect(Math.abs(first.offsetMs - 60_000)).toBeLessThan(1_000)
  // A clock that was set since is believed only when nothing better is known of these thirty seconds.
  for (let exchange = 1; exchange < 30; exchange++) await watch.exchange(aHost(-60_000, 15), never)
  expect(watch.offset).toEqual(first)
  await watch.exchange(aHost(-60_000, 15), never)
  expect(Math.abs(watch.offset!.offsetMs + 60_000)).toBeLessThan(1_000)
  watch.reset()
  expect(watch.offset).toBeNull()
})
