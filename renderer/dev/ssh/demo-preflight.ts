import { SkyError, toErrorBody } from '#shared/contract/errors'
import type { HostCheck, HostPair, PreflightReport } from '#shared/contract/provisioning-api'
import type { CallContext } from '#shared/contract/rpc'
import type { InventoryHost } from '#shared/inventory/inventory'
import type { Emit } from '../demo-client'
import { randomFrom } from '../random'
import type { DemoAccess } from './demo-access'
import type { DemoClock } from './demo-clock'
import type { DemoInventories } from './demo-inventories'

const checkMs = 180

/** Checks of made-up hosts, one after another on each, all hosts side by side; pairs of hosts at the end. */
export class DemoPreflight {
  readonly #reports = new Map<string, PreflightReport>()
  readonly #clock: DemoClock
  readonly #emit: Emit
  readonly #inventories: DemoInventories
  readonly #access: DemoAccess

  constructor(clock: DemoClock, emit: Emit, inventories: DemoInventories, access: DemoAccess) {
    this.#clock = clock
    this.#emit = emit
    this.#inventories = inventories
    this.#access = access
  }

  last(lab: string): PreflightReport | null {
    return this.#reports.get(lab) ?? null
  }

  run(lab: string, context: CallContext): Promise<PreflightReport> {
    const { hosts } = this.#inventories.get(lab)
    const waiting = new Map(hosts.map((host) => [host.name, checksOf(host)]))
    let report: PreflightReport = {
      lab,
      startedAt: this.#clock.now(),
      finishedAt: null,
      hosts: hosts.map(({ name }) => ({ host: name, state: 'waiting', checks: [], error: null })),
      pairs: [],
    }
    const tell = (next: PreflightReport): void => {
      report = next
      this.#reports.set(lab, next)
      this.#emit('preflightChanged', next)
    }
    tell(report)
    return new Promise((resolve, reject) => {
      let cancelled = false
      context.onCancelled(() => {
        cancelled = true
        tell({ ...report, finishedAt: this.#clock.now() })
        reject(new SkyError('cancelled', 'The preflight was cancelled.'))
      })
      const step = (): void => {
        if (cancelled) return
        tell({ ...report, hosts: report.hosts.map((host) => this.#next(lab, host, waiting)) })
        if (report.hosts.some(({ state }) => state !== 'done')) {
          this.#clock.after(checkMs, step)
          return
        }
        this.#clock.after(4 * checkMs, () => {
          if (cancelled) return
          const reached = hosts.filter(
            (host) => report.hosts.find((one) => one.host === host.name)?.error === null,
          )
          tell({ ...report, pairs: pairsOf(reached), finishedAt: this.#clock.now() })
          resolve(report)
        })
      }
      this.#clock.after(checkMs, step)
    })
  }

  #next(
    lab: string,
    host: PreflightReport['hosts'][number],
    waiting: Map<string, HostCheck[]>,
  ): PreflightReport['hosts'][number] {
    if (host.state === 'done') return host
    if (host.state === 'waiting') {
      try {
        this.#access.connect(lab, host.host)
        return { ...host, state: 'running' }
      } catch (thrown) {
        return { ...host, state: 'done', error: toErrorBody(thrown) }
      }
    }
    const check = waiting.get(host.host)?.shift()
    return check ? { ...host, checks: [...host.checks, check] } : { ...host, state: 'done' }
  }
}

const ok = (id: string, title: string, found: string, needed: string): HostCheck => ({
  id,
  title,
  status: 'ok',
  found,
  needed,
  advice: '',
})

function checksOf(host: InventoryHost): HostCheck[] {
  const jetson = host.role === 'inference'
  const last = Number(/\d+$/.exec(host.name)?.[0] ?? 0)
  const disk: HostCheck =
    last === 3
      ? {
          id: 'disk',
          title: 'Disk space',
          status: 'failed',
          found: '212 MiB free in /opt',
          needed: '500 MiB free',
          advice:
            'Remove what is not needed from /opt, or use a user service, which lies in the home directory.',
        }
      : ok('disk', 'Disk space', `${38 + last} GiB free in /opt`, '500 MiB free')
  const time: HostCheck =
    last === 2
      ? {
          id: 'time_service',
          title: 'Time service',
          status: 'warning',
          found: 'none is running',
          needed: 'chrony, systemd-timesyncd or ntpd',
          advice: 'Install one, for instance: sudo apt install chrony. Until then, times of this host drift.',
        }
      : ok('time_service', 'Time service', 'chrony, synchronised', 'chrony, systemd-timesyncd or ntpd')
  return [
    ok('ssh', 'SSH round trip', `${(0.31 + last * 0.02).toFixed(2)} ms`, 'below 200 ms'),
    ok(
      'os',
      'Operating system',
      jetson ? 'Ubuntu 22.04.5, Linux 5.15.148-tegra' : 'Debian 12.8, Linux 6.1.0-28',
      'Debian 11 or Ubuntu 20.04, or newer',
    ),
    ok('architecture', 'Architecture', jetson ? 'arm64' : 'x64', 'x64 or arm64'),
    ok('glibc', 'glibc', jetson ? '2.35' : '2.36', '2.28 or newer'),
    ok('cpu', 'Processor', jetson ? '6 cores, Cortex-A78AE' : '8 cores, Intel Core i5-1135G7', '2 cores'),
    ok('memory', 'Memory', jetson ? '5.9 GiB free of 7.4 GiB' : '14.1 GiB free of 15.4 GiB', '2 GiB free'),
    disk,
    ok('sudo', 'sudo', jetson ? 'with a password' : 'without a password', 'for a system service'),
    ok(
      'systemd',
      'systemd',
      jetson ? 'version 249, lingering is on' : 'version 252, lingering is off',
      'for a system or user service',
    ),
    jetson
      ? {
          ...ok('data_port', 'Data port', '', 'free'),
          status: 'skipped',
          found: 'an inference host needs none',
        }
      : ok('data_port', 'Data port', '7420 is free', 'free'),
    ok('clock', 'Clock offset', `${(last * 1.7 - 3).toFixed(1)} ms ± 0.2 ms`, 'within 100 ms'),
    time,
    ...(jetson
      ? [
          ok('jetson', 'Jetson', 'Orin Nano 8 GB, JetPack 6.1', 'JetPack 5 or newer'),
          {
            id: 'power_mode',
            title: 'Power mode',
            status: 'warning' as const,
            found: '15 W',
            needed: '25 W (MAXN)',
            advice: 'sudo nvpmodel -m 0, then reboot: token latency depends on it.',
          },
          ok('gpu', 'GPU', '1.02 GHz, idle', 'seen by the driver'),
          ok('thermal', 'Temperature', '48.5 °C, not throttled', 'below 85 °C'),
        ]
      : []),
  ]
}

function pairsOf(hosts: readonly InventoryHost[]): HostPair[] {
  const random = randomFrom(77)
  return hosts.flatMap((from) =>
    hosts
      // Nobody connects to the model's host; it connects to all others.
      .filter((to) => to !== from && to.role === 'satellite')
      .map((to): HostPair => {
        const pair = { from: from.name, to: to.name }
        if (from.name === 'nuc4' && to.name === 'nuc1') {
          return {
            ...pair,
            status: 'failed',
            roundTripMs: null,
            throughputMbitS: null,
            problem:
              'Port 7420 of nuc1 does not answer nuc4: a firewall drops it. Open the port between the hosts.',
          }
        }
        const slow = to.name === 'nuc5' && from.role === 'satellite'
        return {
          ...pair,
          status: slow ? 'warning' : 'ok',
          roundTripMs: 0.18 + random() * 0.22,
          throughputMbitS: slow ? 93.4 + random() : 934 + random() * 8,
          problem: slow ? 'The link of nuc5 runs at 100 Mbit/s: check its cable and port.' : '',
        }
      }),
  )
}
