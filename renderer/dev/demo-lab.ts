import { geometry } from '#shared/constellation/geometry'
import { wrap } from '#shared/constellation/torus'
import type {
  ConstellationSnapshot,
  LabHost,
  LabState,
  LogLine,
  SatelliteDetail,
} from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { emptyCounters, type RequestRecord, type SatelliteCounters } from '#shared/experiment/records'
import type { Inventory } from '#shared/inventory/inventory'
import type { Emit } from './demo-client'
import type { DemoTrial } from './demo-trial'
import { sshHosts } from './ssh/demo-ssh-hosts'

type Failures = Extract<LabState, { kind: 'running' }>['failures']

/** The trial that a snapshot of the constellation shows. */
export interface ShownTrial {
  readonly demo: DemoTrial
  readonly epoch: number
  readonly parameters: ParameterValues
}

/** Hosts and satellites of the made-up lab. */
export class DemoLab {
  state: LabState = { kind: 'stopped' }
  readonly log: LogLine[] = []
  #satellites = new Map<string, SatelliteCounters>()
  #failures: Failures = { satellites: [], links: [] }
  /** What unreachable hosts were before. */
  readonly #before = new Map<string, LabHost['state']>()
  readonly #now: () => number
  readonly #emit: Emit

  constructor(now: () => number, emit: Emit) {
    this.#now = now
    this.#emit = emit
  }

  say(source: string, level: LogLine['level'], text: string): void {
    const line = { at: this.#now(), source, level, text }
    this.log.push(line)
    this.#emit('log', [line])
  }

  /** @param inventory of SSH hosts; null = the local lab */
  start(slots: number, planes: number, inventory: Inventory | null = null): LabState {
    const local = (): LabHost[] => [
      ...Array.from({ length: planes }, (_, plane) => this.#host(`nuc${plane + 1}`, plane, planes)),
      this.#host('jetson', null, planes),
    ]
    const hosts = inventory ? sshHosts(inventory, planes, this.#now()) : local()
    this.#failures = { satellites: [], links: [] }
    this.#set({
      kind: 'running',
      name: inventory?.name ?? 'local',
      slots,
      planes,
      hosts,
      failures: this.#failures,
      apiUrl: null,
    })
    this.emptySatellites()
    for (const host of hosts) this.say(host.hostId, 'info', 'ready')
    this.#emit('constellationChanged', this.snapshot(null)!)
    return this.state
  }

  stop(): void {
    this.#set({ kind: 'stopped' })
  }

  serveApi(url: string | null): void {
    if (this.state.kind === 'running') this.#set({ ...this.state, apiUrl: url })
  }

  crash(hostId: string): void {
    this.#changeHost(hostId, {
      kind: 'crashed',
      at: this.#now(),
      exitCode: null,
      signal: 'SIGKILL',
      lastLines: ['listening on 127.0.0.1:41993', 'peer nuc4 answers slowly, 412 ms'],
    })
    this.say(hostId, 'error', `${hostId} ended by SIGKILL`)
  }

  /** The way to a host is lost, and looked for again. */
  lose(hostId: string, reason: string, attempts: number, nextAttemptAt: number | null): void {
    const host = this.#hostOf(hostId)
    if (host?.state.kind === 'healthy') this.#before.set(hostId, host.state)
    const since = host?.state.kind === 'unreachable' ? host.state.since : this.#now()
    this.#changeHost(hostId, { kind: 'unreachable', since, attempts, nextAttemptAt, reason })
    if (attempts === 0) this.say(hostId, 'warn', `${hostId} is unreachable: ${reason}`)
  }

  /** The way is found again. */
  find(hostId: string): void {
    const before = this.#before.get(hostId)
    if (before) this.#changeHost(hostId, before)
    this.#before.delete(hostId)
  }

  restart(hostId: string): void {
    const plane = /^nuc(\d+)$/.exec(hostId)
    const planes = this.state.kind === 'running' ? this.state.planes : 0
    this.#changeHost(hostId, this.#host(hostId, plane ? Number(plane[1]) - 1 : null, planes).state)
  }

  setSatelliteFailed(slot: number, plane: number, failed: boolean): void {
    const rest = this.#failures.satellites.filter((one) => one.slot !== slot || one.plane !== plane)
    this.#setFailures({ ...this.#failures, satellites: failed ? [...rest, { slot, plane }] : rest })
  }

  setLinkFailed(link: Failures['links'][number], failed: boolean): void {
    const rest = this.#failures.links.filter(
      (one) => one.slot !== link.slot || one.plane !== link.plane || one.direction !== link.direction,
    )
    this.#setFailures({ ...this.#failures, links: failed ? [...rest, link] : rest })
  }

  emptySatellites(): void {
    this.#satellites.clear()
    if (this.state.kind !== 'running') return
    const { slots, planes } = this.state
    for (let plane = 0; plane < planes; plane++) {
      for (let slot = 0; slot < slots; slot++)
        this.#satellites.set(`${slot},${plane}`, emptyCounters({ slot: slot, plane: plane }))
    }
  }

  satellites(): SatelliteCounters[] {
    return [...this.#satellites.values()]
  }

  /** Count what a request did on the satellites. */
  count(servers: readonly { slot: number; plane: number }[], request: RequestRecord): void {
    const chunks = Math.ceil(request.bytesWritten / 12_288)
    servers.forEach((server, k) => {
      const one = this.#satellites.get(`${server.slot},${server.plane}`)
      if (!one) return
      const own = Math.floor(chunks / servers.length) + (k < chunks % servers.length ? 1 : 0)
      one.chunks += own
      one.sets += own
      one.bytes += own * 12_288
      one.gets += Math.floor(request.chunksFetched / servers.length)
    })
    for (const { steps } of request.routes) {
      for (const step of steps.slice(0, -1)) {
        const one = this.#satellites.get(`${step.slot},${step.plane}`)
        if (one) one.forwarded += Math.ceil(request.chunksFetched / request.routes.length)
      }
    }
  }

  snapshot(shown: ShownTrial | null): ConstellationSnapshot | null {
    if (this.state.kind !== 'running') return null
    const { slots, planes } = this.state
    const p = shown?.parameters ?? defaultParameters
    const centre = shown?.demo.centre(shown.epoch) ?? {
      slot: p.centre_slot % slots,
      plane: p.centre_plane % planes,
    }
    const onBoard = shown !== null && p.cache === 'skymemory' && p.strategy === 'hop'
    const around = [-1, 0, 1]
    const window = around.flatMap((dp) =>
      around.map((ds) => ({ slot: wrap(centre.slot + ds, slots), plane: wrap(centre.plane + dp, planes) })),
    )
    return {
      at: this.#now(),
      slots,
      planes,
      epoch: shown?.epoch ?? 0,
      centre,
      window: onBoard ? [] : window,
      servers: shown?.demo.servers(shown.epoch) ?? [],
      satelliteBytes: p.satellite_bytes,
      satellites: this.satellites().map((one) => ({
        ...one,
        hostId: `nuc${one.plane + 1}`,
        failed: this.#isFailed(one.slot, one.plane),
      })),
    }
  }

  detail(slot: number, plane: number, shown: ShownTrial | null): SatelliteDetail {
    const counters = this.#satellites.get(`${slot},${plane}`)
    if (this.state.kind !== 'running' || !counters)
      throw new SkyError('lab_not_running', 'The lab is not running.')
    const { slots, planes } = this.state
    const space = geometry({ slots, planes, altitudeM: 550_000, preset: 'default' })
    const server = this.snapshot(shown)!.servers.findIndex((one) => one.slot === slot && one.plane === plane)
    const link = (direction: 'slot' | 'plane', step: 1 | -1): SatelliteDetail['links'][number] => {
      const to = {
        slot: direction === 'slot' ? wrap(slot + step, slots) : slot,
        plane: direction === 'plane' ? wrap(plane + step, planes) : plane,
      }
      const from = step === 1 ? { slot, plane } : to
      const failed = this.#failures.links.some(
        (one) => one.direction === direction && one.slot === from.slot && one.plane === from.plane,
      )
      return {
        to,
        direction,
        failed,
        distanceM: space.linkM(direction),
        delayMs: space.linkDelayS(direction) * 1000,
      }
    }
    return {
      counters,
      hostId: `nuc${plane + 1}`,
      failed: this.#isFailed(slot, plane),
      server: server < 0 ? null : server,
      links: [link('slot', 1), link('slot', -1), link('plane', 1), link('plane', -1)],
      blocks: Array.from({ length: Math.min(40, Math.floor(counters.chunks / 26)) }, (_, i) => ({
        hash: (0x9e3779b1 * (i + 1 + slot * 19 + plane)).toString(16).padEnd(64, '7c41'),
        chunks: 26,
        bytes: 26 * 12_288,
        manifest: server === 0,
      })),
    }
  }

  #isFailed(slot: number, plane: number): boolean {
    return this.#failures.satellites.some((one) => one.slot === slot && one.plane === plane)
  }

  #set(state: LabState): void {
    this.state = state
    this.#emit('labChanged', state)
  }

  #setFailures(failures: Failures): void {
    this.#failures = failures
    if (this.state.kind === 'running') this.#set({ ...this.state, failures })
  }

  #hostOf(hostId: string): LabHost | undefined {
    return this.state.kind === 'running' ? this.state.hosts.find((host) => host.hostId === hostId) : undefined
  }

  #changeHost(hostId: string, state: LabHost['state']): void {
    if (this.state.kind !== 'running') return
    const hosts = this.state.hosts.map((host) => (host.hostId === hostId ? { ...host, state } : host))
    this.#set({ ...this.state, hosts })
  }

  #host(hostId: string, plane: number | null, planes: number): LabHost {
    const peers = plane === null ? planes : planes - 1
    return {
      hostId,
      role: plane === null ? 'inference' : 'satellite',
      planes: plane === null ? [] : [plane],
      address: '127.0.0.1',
      telemetry: null,
      clock: null,
      hardware: {
        cpu: 'Intel Core i7-1260P',
        cores: 12,
        memoryBytes: 33_285_996_544,
        kernel: 'Linux 6.8.0',
        architecture: 'x64',
        hostname: 'bench',
      },
      state: {
        kind: 'healthy',
        pid: 48_100 + (plane ?? planes),
        version: '0.1.0',
        nodeVersion: '20.20.0',
        startedAt: this.#now(),
        rssBytes: 61_000_000 + (plane ?? 9) * 1_730_000,
        cpuLoad: 0.08 + ((plane ?? 7) % 3) * 0.07,
        peersConnected: peers,
        peersExpected: peers,
      },
    }
  }
}
