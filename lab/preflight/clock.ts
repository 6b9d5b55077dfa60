import { SkyError } from '#shared/contract/errors'
import type { RemoteProcess, SshSession } from '../ssh/ssh-session'
import { clockScript } from './clock-script'
import { linesOf } from './lines-of'

/** How often the clock of a host is asked: the best of so many is near the path's shortest time also on a busy host. */
const exchanges = 24
/** A host that does not answer for so long has no clock for us, ms. */
const answerLimitMs = 5_000

/** One question and its answer, all in ms since 1970: when it left and came back by this clock, and what that clock said meanwhile. */
export interface ClockExchange {
  readonly sent: number
  readonly host: number
  readonly received: number
}

export interface ClockMeasurement {
  /** The host's clock minus this one's, ms. */
  readonly offsetMs: number
  /** The true offset lies within offset +- this, ms: half of the shortest exchange. */
  readonly uncertaintyMs: number
  /** Of a line and its answer over the SSH connection: shortest and median, ms. */
  readonly roundTripMs: number
  readonly medianRoundTripMs: number
  readonly exchanges: number
}

/**
 * The offset by the exchange with the shortest round trip, as NTP does (RFC 5905, section 10): the host read its clock between sending and
 * receiving, so that the middle of both is wrong by at most half of the time between them.
 * @param exchanged at least one
 */
export function clockOf(exchanged: readonly ClockExchange[]): ClockMeasurement {
  const sorted = exchanged
    .map(({ sent, host, received }) => ({ roundTrip: received - sent, offset: host - (sent + received) / 2 }))
    .sort((a, b) => a.roundTrip - b.roundTrip)
  const best = sorted[0]
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (!best || !middle) throw new RangeError('no exchange')
  return {
    offsetMs: best.offset,
    uncertaintyMs: best.roundTrip / 2,
    roundTripMs: best.roundTrip,
    medianRoundTripMs: middle.roundTrip,
    exchanges: sorted.length,
  }
}

/** This machine's clock in ms since 1970, with its fractions. */
export type Clock = () => number

/** The wall clock ticks in whole ms: a tick of it is where the fine clock is read. Waits for one, 1 ms at most. */
export function fineClock(): Clock {
  const before = Date.now()
  let now = before
  while (now === before) now = Date.now()
  const base = now - performance.now()
  return () => base + performance.now()
}

/**
 * Compare the clock of a host with this one, over the SSH connection.
 * @returns null where the host has neither perl nor a `date` with fractions
 * @throws SkyError `connection_lost`, `timeout`, `cancelled`
 */
export async function measureClock(
  session: SshSession,
  signal?: AbortSignal,
): Promise<ClockMeasurement | null> {
  const process = await session.start(['/bin/sh', '-c', clockScript])
  try {
    return await exchangeWith(process, session.host, signal)
  } finally {
    process.kill()
  }
}

async function exchangeWith(
  process: RemoteProcess,
  host: string,
  signal?: AbortSignal,
): Promise<ClockMeasurement | null> {
  const lines = linesOf(process, { host, limitMs: answerLimitMs, signal })
  let greeting = await lines.next()
  // A login shell may have greeted before.
  while (!['perl', 'date', 'none'].includes(greeting)) greeting = await lines.next()
  if (greeting === 'none') return null
  const clock = fineClock()
  const exchanged: ClockExchange[] = []
  while (exchanged.length < exchanges) {
    const sent = clock()
    process.stdin.write('\n')
    const answer = await lines.next()
    const received = clock()
    if (!/^\d{15,17}$/.test(answer)) {
      throw new SkyError('protocol_error', `${host} answered with something that is no time`, '', { host })
    }
    exchanged.push({ sent, host: Number(answer) / 1_000, received })
  }
  return clockOf(exchanged)
}
