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

/** This machine's clock with the fractions of a millisecond that `Date` does not tell. */
export interface FineClock {
  /** Ms since 1970. */
  now(): number
  /** It is wrong by at most this, ms. */
  readonly uncertaintyMs: number
}

/** Good enough a clock, ms: far below the round trips of any network. */
const wantedUncertaintyMs = 0.01
/** Stop trying after this, ms: nothing else happens meanwhile. */
const longestSearchMs = 12

/**
 * The wall clock tells whole milliseconds, rounded down; another clock counts fractions from some moment. Read one after the other, they
 * bound the distance of both from below right after a tick and from above right before one, however long a reading is interrupted.
 */
export function fineClock(): FineClock {
  let [least, most] = [-Infinity, Infinity]
  const end = performance.now() + longestSearchMs
  for (;;) {
    const before = performance.now()
    const wall = Date.now()
    const after = performance.now()
    least = Math.max(least, wall - after)
    most = Math.min(most, wall + 1 - before)
    if (most - least <= 2 * wantedUncertaintyMs || after > end) break
  }
  const distance = (least + most) / 2
  return { now: () => distance + performance.now(), uncertaintyMs: Math.abs(most - least) / 2 }
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
    const sent = clock.now()
    process.stdin.write('\n')
    const answer = await lines.next()
    const received = clock.now()
    if (!/^\d{15,17}$/.test(answer)) {
      throw new SkyError('protocol_error', `${host} answered with something that is no time`, '', { host })
    }
    exchanged.push({ sent, host: Number(answer) / 1_000, received })
  }
  const measured = clockOf(exchanged)
  return { ...measured, uncertaintyMs: measured.uncertaintyMs + clock.uncertaintyMs }
}
