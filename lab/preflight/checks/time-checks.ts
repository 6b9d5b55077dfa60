import type { ClockMeasurement } from '../clock'
import { ok, verdict, type CheckOf, type Verdict } from './check'

/** Beyond this, times of different hosts in one file are hard to compare by eye, ms. */
const wantedOffsetMs = 100
/** Certificates are valid from a day before they are issued: a clock that is further behind refuses them; ahead it is no better, ms. */
const longestOffsetMs = 12 * 3_600_000
/** Slower than this, and every action on the host is tiresome, ms. */
const wantedRoundTripMs = 200

export function connectionVerdict(clock: ClockMeasurement | null, serverVersion: string): Verdict {
  const needed = `under ${wantedRoundTripMs} ms`
  if (clock === null) return ok(serverVersion, 'reachable')
  const found = `${milliseconds(clock.roundTripMs)} (median of ${clock.exchanges}: ${milliseconds(clock.medianRoundTripMs)}), ${serverVersion}`
  const advice = 'It works, but slowly: look at the network between this machine and the host.'
  return verdict(clock.medianRoundTripMs > wantedRoundTripMs ? 'warning' : 'ok', found, needed, advice)
}

export function clockVerdict(clock: ClockMeasurement | null): Verdict {
  const needed = `within ${wantedOffsetMs} ms of this machine`
  if (clock === null) {
    return verdict(
      'warning',
      '',
      needed,
      'It cannot be measured: the host has neither perl nor a date with fractions of seconds.',
    )
  }
  const { offsetMs, uncertaintyMs } = clock
  const found = `${signed(offsetMs)} ± ${milliseconds(uncertaintyMs)}`
  const distance = Math.abs(offsetMs) - uncertaintyMs
  const advice = 'Set the clock, and let a time service keep it (systemd-timesyncd or chrony).'
  if (distance > longestOffsetMs)
    return verdict('failed', found, needed, `${advice} With this clock certificates are not accepted.`)
  return verdict(distance > wantedOffsetMs ? 'warning' : 'ok', found, needed, advice)
}

/** 0.12 ms, 3.4 ms, 120 ms, 5.2 s. */
export function milliseconds(value: number): string {
  const size = Math.abs(value)
  if (size >= 1_000) return `${(value / 1_000).toFixed(1)} s`
  return `${value.toFixed(size < 1 ? 2 : size < 10 ? 1 : 0)} ms`
}

const signed = (value: number): string => (value < 0 ? `−${milliseconds(-value)}` : `+${milliseconds(value)}`)

const programs: Readonly<Record<string, string>> = {
  chronyd: 'chrony',
  ntpd: 'ntpd',
  ntpsec: 'ntpsec',
  openntpd: 'openntpd',
  'systemd-timesyn': 'systemd-timesyncd',
  ptp4l: 'PTP',
  phc2sys: 'PTP',
}

export const timeServiceCheck: CheckOf = {
  id: 'time_service',
  title: 'Time service',
  judge: ({ probe }) => {
    const needed = 'a service that keeps the clock'
    const running = [...new Set(probe.lines('time_programs').flatMap((name) => programs[name] ?? []))]
    const told = new Map(probe.lines('timedatectl').map((line) => line.split('=', 2) as [string, string]))
    const isSynchronised =
      told.get('NTPSynchronized') === 'yes' || chronyIsSynchronised(probe.lines('chrony'))
    if (running.length === 0 && told.get('NTP') !== 'yes' && !isSynchronised) {
      return verdict('warning', 'none', needed, 'Install one: apt-get install systemd-timesyncd, or chrony.')
    }
    const name = running.join(', ') || 'a time service'
    if (isSynchronised) return ok(`${name}, synchronised`, needed)
    const hasTold = told.has('NTPSynchronized') || probe.has('chrony')
    if (!hasTold) return ok(`${name} runs; it does not tell how well`, needed)
    return verdict(
      'warning',
      `${name}, not synchronised`,
      needed,
      'It reaches no time server: without internet, name one of the lab.',
    )
  },
}

/** `chronyc tracking` says "Leap status     : Normal" once it follows a server. */
function chronyIsSynchronised(lines: readonly string[]): boolean {
  const leap = lines.find((line) => line.startsWith('Leap status'))
  return leap !== undefined && !/not synchronised/i.test(leap)
}
