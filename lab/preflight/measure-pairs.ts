import { randomBytes } from 'node:crypto'
import { toErrorBody } from '#shared/contract/errors'
import type { CheckStatus, HostPair } from '#shared/contract/provisioning-api'
import type { Inventory } from '#shared/inventory/inventory'
import type { RemoteProcess, SshSession } from '../ssh/ssh-session'
import { isAgentOf, portHolder } from './checks/service-checks'
import { linesOf } from './lines-of'
import { dataAddress, plannedVisits, type Visit } from './pair-plan'
import { listenerProgram, visitorProgram } from './pair-scripts'
import type { Probe } from './probe'
import { visitResult, type VisitResult } from './visit-result'

/** Sent over one way at most: 32 MB take a quarter of a second at 1 Gbit/s. */
const mostBytes = 32e6
/** Sent for so long at most, ms, where the way is slower. */
const mostMs = 500
/** A listener without a preflight ends by itself, s: longer than the pairs of the largest lab take. */
const listenerSeconds = 1_800
/** Time for a listener to start, ms. */
const startLimitMs = 10_000
/** Longer than the visitor's own limit of 20 s, ms. */
const visitLimitMs = 60_000

export interface CheckedHost {
  readonly session: SshSession
  readonly probe: Probe
}

export interface PairMeasuring {
  readonly inventory: Inventory
  /** All pairs, as planned. */
  readonly pairs: readonly HostPair[]
  /** Hosts that could be checked; pairs with others are skipped. */
  readonly hosts: ReadonlyMap<string, CheckedHost>
  readonly onPair: (pair: HostPair) => void
  readonly signal: AbortSignal
}

/** Somebody answers at the data port: our listener, the lab's agent that runs there already, or nobody, and why. */
type Door =
  | { readonly kind: 'listener'; readonly process: RemoteProcess }
  | { readonly kind: 'agent' }
  | { readonly kind: 'none'; readonly why: string }

/**
 * Measure the ways between hosts, one after another: two at a time would share a cable or a switch, and each would look slower than it is.
 * Nothing is installed; the listeners end with their SSH channels.
 */
export async function measurePairs(measuring: PairMeasuring): Promise<void> {
  const { inventory, pairs, hosts, onPair, signal } = measuring
  const word = randomBytes(16).toString('hex')
  const targets = inventory.hosts.filter((host) => host.role === 'satellite' && hosts.has(host.name))
  const doors = new Map<string, Door>()
  try {
    await Promise.all(
      targets.map(async (host) => {
        if (host.role !== 'satellite') return
        const checked = hosts.get(host.name) as CheckedHost
        doors.set(host.name, await openDoor(checked, inventory.name, host.data_port, word, signal))
      }),
    )
    for (const visit of plannedVisits(inventory, pairs)) {
      signal.throwIfAborted()
      const result = await measure(visit, hosts, doors.get(visit.to.name), word, signal)
      for (const pair of pairsOf(visit, result)) onPair(pair)
    }
  } finally {
    for (const door of doors.values()) if (door.kind === 'listener') door.process.kill()
  }
}

type Measured =
  | { readonly kind: 'visited'; readonly result: VisitResult; readonly door: Door['kind'] }
  | { readonly kind: 'not'; readonly why: string }

async function measure(
  { from, to, alsoBack }: Visit,
  hosts: ReadonlyMap<string, CheckedHost>,
  door: Door | undefined,
  word: string,
  signal: AbortSignal,
): Promise<Measured> {
  const visitor = hosts.get(from.name)
  if (!visitor) return { kind: 'not', why: `${from.name} could not be checked` }
  if (!door) return { kind: 'not', why: `${to.name} could not be checked` }
  if (door.kind === 'none') return { kind: 'not', why: door.why }
  const unable = whyNotAble(from.name, visitor.probe)
  if (unable) return { kind: 'not', why: unable }
  const what = door.kind === 'agent' ? 'c' : alsoBack ? 'tf' : 't'
  const port = String(to.data_port)
  const call = String(clockCall(visitor.probe))
  try {
    const { stdout } = await visitor.session.run(
      ['perl', '-e', visitorProgram, dataAddress(to), port, call, what, String(mostBytes), String(mostMs)],
      { stdin: `${word}\n`, signal, limitMs: visitLimitMs },
    )
    return { kind: 'visited', result: visitResult(stdout), door: door.kind }
  } catch (thrown) {
    const { code, message } = toErrorBody(thrown)
    if (code === 'cancelled') throw thrown
    return { kind: 'not', why: message }
  }
}

/** The pairs that one visit tells of: the way there, and where it was asked for, the way back. */
function pairsOf({ from, to, alsoBack }: Visit, measured: Measured): HostPair[] {
  const there = { from: from.name, to: to.name }
  const back = { from: to.name, to: from.name }
  const ways = alsoBack ? [there, back] : [there]
  const pair = (way: typeof there, status: CheckStatus, problem: string): HostPair => ({
    ...way,
    status,
    roundTripMs: null,
    throughputMbitS: null,
    problem,
  })
  if (measured.kind === 'not') return ways.map((way) => pair(way, 'skipped', measured.why))
  const { result, door } = measured
  if (result.problem !== null && result.roundTripMs === null) {
    const where = `${dataAddress(to)}:${to.data_port}`
    const advice = `Look at cables and firewalls between them: TCP ${to.data_port} must get through.`
    return ways.map((way) =>
      pair(way, 'failed', `${from.name} does not reach ${where}: ${result.problem}. ${advice}`),
    )
  }
  const problem =
    door === 'agent'
      ? `Throughput was not measured: the lab’s agent holds the data port of ${to.name}.`
      : result.problem === null
        ? ''
        : `It broke off: ${result.problem}. Look at the cables, and repeat the preflight.`
  const status = result.problem === null ? 'ok' : 'failed'
  return ways.map((way) => ({
    ...pair(way, status, problem),
    roundTripMs: result.roundTripMs,
    throughputMbitS: way === there ? result.toMbitS : result.fromMbitS,
  }))
}

async function openDoor(
  { session, probe }: CheckedHost,
  lab: string,
  port: number,
  word: string,
  signal: AbortSignal,
): Promise<Door> {
  const holder = portHolder(probe.lines('listening'))
  if (holder) {
    return isAgentOf(lab, holder, probe.lines('agents'))
      ? { kind: 'agent' }
      : { kind: 'none', why: `the data port ${port} of ${session.host} is held by another program` }
  }
  const unable = whyNotAble(session.host, probe)
  if (unable) return { kind: 'none', why: unable }
  const call = String(clockCall(probe))
  try {
    const process = await session.start([
      'perl',
      '-e',
      listenerProgram,
      String(port),
      String(listenerSeconds),
      call,
    ])
    process.stdin.write(`${word}\n`)
    const lines = linesOf(process, { host: session.host, limitMs: startLimitMs, signal })
    for (;;) {
      const line = await lines.next().catch((thrown: unknown) => {
        process.kill()
        throw thrown
      })
      if (line === 'ready') return { kind: 'listener', process }
      if (line.startsWith('error ')) {
        process.kill()
        return {
          kind: 'none',
          why: `nothing can listen on port ${port} of ${session.host}: ${line.slice('error '.length)}`,
        }
      }
    }
  } catch (thrown) {
    const { code, message } = toErrorBody(thrown)
    if (code === 'cancelled') throw thrown
    return { kind: 'none', why: message }
  }
}

/** Number of the system call clock_gettime for 64-bit programs, 0 where it is not known. */
function clockCall(probe: Probe): number {
  return { x86_64: 228, aarch64: 113 }[probe.one('machine')] ?? 0
}

function whyNotAble(host: string, probe: Probe): string | null {
  if (!probe.has('perl')) return `${host} has no perl to measure with`
  return clockCall(probe) === 0 ? `${host} has an architecture that is not known` : null
}
