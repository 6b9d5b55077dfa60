import { WallClock } from '#shared/clock/wall-clock'

const clock = new WallClock({ wallMs: () => Date.now(), monotonicMs: () => performance.now() })

/** What time it is here, for who wants to know how far this clock is off. */
export function tellTime(): { receivedAt: number; answeredAt: number } {
  const arrived = performance.now()
  // Finding the fraction of the millisecond takes a moment: it is no part of the way.
  return { receivedAt: clock.now(arrived), answeredAt: clock.now() }
}
