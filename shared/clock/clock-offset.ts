import type { ClockOffset } from '../contract/agent-control'

/** One question for another machine's time: own times when it was asked and answered, the other's when it heard and said it. All Unix ms. */
export interface ClockExchange {
  readonly sentAt: number
  readonly receivedAt: number
  readonly answeredAt: number
  readonly returnedAt: number
}

/**
 * The other clock minus this one, from several exchanges, as NTP does (RFC 5905, section 8).
 *
 * The exchange with the shortest round trip counts: what made the others longer may have been on one of the two ways alone.
 * If all of its way was in one direction, the offset is wrong by half the round trip: that is the uncertainty.
 *
 * @returns null without an exchange whose times can be true: an answer before its question says that a clock was set meanwhile
 */
export function estimateClockOffset(exchanges: readonly ClockExchange[]): ClockOffset | null {
  let best: { exchange: ClockExchange; roundTripMs: number } | null = null
  for (const exchange of exchanges) {
    const roundTripMs = roundTripOf(exchange)
    if (exchange.answeredAt < exchange.receivedAt || !(roundTripMs >= 0)) continue
    if (best === null || roundTripMs < best.roundTripMs) best = { exchange, roundTripMs }
  }
  if (best === null) return null
  const { sentAt, receivedAt, answeredAt, returnedAt } = best.exchange
  return {
    offsetMs: (receivedAt - sentAt + (answeredAt - returnedAt)) / 2,
    uncertaintyMs: best.roundTripMs / 2,
  }
}

/** Time on the way, both ways. */
function roundTripOf({ sentAt, receivedAt, answeredAt, returnedAt }: ClockExchange): number {
  return returnedAt - sentAt - (answeredAt - receivedAt)
}
