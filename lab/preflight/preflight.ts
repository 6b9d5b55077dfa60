import { SkyError, toErrorBody } from '#shared/contract/errors'
import type { HostCheck, HostPair, PreflightReport } from '#shared/contract/provisioning-api'
import type { Inventory, InventoryHost } from '#shared/inventory/inventory'
import type { SshConnector } from '../ssh/ssh-session'
import { carriedPlanes } from './carried-planes'
import { checkHost } from './checks/host-checks'
import { clockVerdict, connectionVerdict } from './checks/time-checks'
import { measureClock } from './clock'
import { inParallel } from '../in-parallel'
import { measurePairs, type CheckedHost } from './measure-pairs'
import { plannedPairs } from './pair-plan'
import { probeHost } from './probe'

/** Hosts that are looked at side by side: enough for a lab, few enough not to disturb each other's round trips. */
const hostsAtOnce = 16

export interface PreflightOptions {
  readonly inventory: Inventory
  readonly connector: SshConnector
  readonly signal: AbortSignal
  /** Called with the whole report whenever something was found. */
  readonly onChange: (report: PreflightReport) => void
  readonly now: () => number
}

/**
 * Look at every host of a lab, then at the ways between them. Nothing is changed on any of them.
 * Hosts that cannot be reached are a part of the report, not an error.
 * @throws SkyError `cancelled`; the last report that was told then says what was found so far
 */
export async function runPreflight(options: PreflightOptions): Promise<PreflightReport> {
  const { inventory, connector, signal, onChange, now } = options
  const board = new ReportBoard(inventory, now(), onChange)
  const checked = new Map<string, CheckedHost>()
  try {
    await inParallel(inventory.hosts, hostsAtOnce, async (host) => {
      board.begin(host.name)
      const result = await lookAt(host, inventory, connector, signal)
      if (result.kind === 'checked') checked.set(host.name, result)
      board.end(host.name, result.checks, result.kind === 'failed' ? toErrorBody(result.error) : null)
    })
    signal.throwIfAborted()
    const { pairs } = board.report
    await measurePairs({ inventory, pairs, hosts: checked, onPair: (pair) => board.pair(pair), signal })
    return board.finish(now())
  } catch (thrown) {
    const error = signal.aborted
      ? new SkyError('cancelled', `The preflight of ${inventory.name} was cancelled`)
      : thrown
    board.breakOff(error, now())
    throw error
  } finally {
    for (const { session } of checked.values()) session.close()
  }
}

type Looked =
  | (CheckedHost & { readonly kind: 'checked'; readonly checks: HostCheck[] })
  | { readonly kind: 'failed'; readonly checks: HostCheck[]; readonly error: unknown }

async function lookAt(
  host: InventoryHost,
  inventory: Inventory,
  connector: SshConnector,
  signal: AbortSignal,
): Promise<Looked> {
  const connection = { id: 'connection', title: 'SSH round trip' }
  let session
  try {
    session = await connector.connect(host.name, signal)
  } catch (error) {
    signal.throwIfAborted()
    const { message, hint } = toErrorBody(error)
    const check: HostCheck = {
      ...connection,
      status: 'failed',
      found: message,
      needed: 'reachable',
      advice: hint,
    }
    return { kind: 'failed', checks: [check], error }
  }
  try {
    const probe = await probeHost(session, host.role === 'satellite' ? host.data_port : 0, signal)
    const clock = await measureClock(session, signal)
    const subject = { host, lab: inventory.name, probe, planes: carriedPlanes(inventory, host) }
    const checks: HostCheck[] = [
      { ...connection, ...connectionVerdict(clock, session.serverVersion) },
      ...checkHost(subject),
      { id: 'clock', title: 'Clock', ...clockVerdict(clock) },
    ]
    return { kind: 'checked', session, probe, checks }
  } catch (error) {
    session.close()
    signal.throwIfAborted()
    const { message, hint } = toErrorBody(error)
    const check: HostCheck = {
      ...connection,
      status: 'failed',
      found: message,
      needed: 'a host that answers',
      advice: hint,
    }
    return { kind: 'failed', checks: [check], error }
  }
}

/** The report as it grows; every change is told as a report of its own. */
class ReportBoard {
  #report: PreflightReport
  readonly #onChange: (report: PreflightReport) => void

  constructor(inventory: Inventory, startedAt: number, onChange: (report: PreflightReport) => void) {
    this.#onChange = onChange
    this.#report = {
      lab: inventory.name,
      startedAt,
      finishedAt: null,
      hosts: inventory.hosts.map(({ name }) => ({ host: name, state: 'waiting', checks: [], error: null })),
      pairs: plannedPairs(inventory),
    }
    onChange(this.#report)
  }

  get report(): PreflightReport {
    return this.#report
  }

  begin(host: string): void {
    this.#host(host, (before) => ({ ...before, state: 'running' }))
  }

  end(host: string, checks: HostCheck[], error: PreflightReport['hosts'][number]['error']): void {
    this.#host(host, (before) => ({ ...before, state: 'done', checks, error }))
  }

  pair(pair: HostPair): void {
    const isSame = (each: HostPair): boolean => each.from === pair.from && each.to === pair.to
    this.#change({ pairs: this.#report.pairs.map((each) => (isSame(each) ? pair : each)) })
  }

  finish(finishedAt: number): PreflightReport {
    this.#change({ finishedAt })
    return this.#report
  }

  /** What was found stays; hosts that were not looked at to the end say why. */
  breakOff(error: unknown, finishedAt: number): void {
    const hosts = this.#report.hosts.map((host) =>
      host.state === 'done' ? host : { ...host, state: 'done' as const, error: toErrorBody(error) },
    )
    this.#change({ hosts, finishedAt })
  }

  #host(
    name: string,
    change: (before: PreflightReport['hosts'][number]) => PreflightReport['hosts'][number],
  ): void {
    this.#change({ hosts: this.#report.hosts.map((each) => (each.host === name ? change(each) : each)) })
  }

  #change(part: Partial<PreflightReport>): void {
    this.#report = { ...this.#report, ...part }
    this.#onChange(this.#report)
  }
}
