import { setTimeout as sleep } from 'node:timers/promises'
import type { Failures, LabTopology } from '#shared/contract/agent-control'
import type { LabHost } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Inventory, InventoryHost } from '#shared/inventory/inventory'
import { planesOfInventory } from '#shared/inventory/planes'
import type {
  HostSample,
  InferenceClient,
  LabChange,
  LabHosts,
  LabShape,
  SatelliteClient,
  StartLab,
} from '../hosts/lab-hosts'
import type { AgentLink } from './agent-link'
import { isDown } from './host-state'
import { noAgentOn, RemoteHost, type HostAccess } from './remote-host'

export interface RemoteLabOptions {
  readonly inventory: Inventory
  readonly accessTo: (host: InventoryHost) => HostAccess
  /** Admits connections between the lab's hosts, beside their certificates. The same at every start: agents that run on know it. */
  readonly token: string
}

const pollPeriodMs = 1_000
/** Time that hosts may take to connect to each other, and between two looks at it, ms. */
const connectLimitMs = 30_000
const connectPollMs = 100
/** Time that a host may take to come back when somebody asks for it, ms. */
const restartLimitMs = 60_000

/** The agents on the hosts of an inventory. They run on when the lab is stopped: only the connections end. */
export function remoteLab(options: RemoteLabOptions): StartLab {
  return async (shape, onStep, onChange, signal) => {
    const lab = new RemoteLab(options, shape, signal)
    lab.onChange(onChange)
    try {
      await lab.start(onStep)
      return lab
    } catch (thrown) {
      await lab.stop()
      throw thrown
    }
  }
}

class RemoteLab implements LabHosts {
  readonly name: string
  readonly outlivesConsole = true
  readonly shape: LabShape
  readonly #options: RemoteLabOptions
  readonly #signal: AbortSignal
  readonly #hosts: readonly RemoteHost[]
  readonly #listeners = new Set<(change: LabChange) => void>()
  #failures: Failures = { satellites: [], links: [] }
  #polling: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(options: RemoteLabOptions, shape: LabShape, signal: AbortSignal) {
    const { inventory, accessTo } = options
    this.name = inventory.name
    this.shape = shape
    this.#options = options
    this.#signal = signal
    const planes = planesOfInventory(inventory, shape.planes)
    const newHost = (host: InventoryHost): RemoteHost =>
      new RemoteHost({
        hostId: host.name,
        role: host.role,
        planes: planes.get(host.name) ?? [],
        address: host.address,
        access: accessTo(host),
        onChange: (change) => this.#emit(change),
        onNewAgent: (link) => this.#introduce(link),
      })
    const ofRole = (role: InventoryHost['role']) => inventory.hosts.filter((host) => host.role === role)
    const satellites = ofRole('satellite').map(newHost)
    const firstPlane = (host: RemoteHost): number => host.host.planes[0] ?? 0
    satellites.sort((a, b) => firstPlane(a) - firstPlane(b))
    this.#hosts = [...satellites, ...ofRole('inference').map(newHost)]
  }

  async start(onStep: (step: string, hosts: readonly LabHost[]) => void): Promise<void> {
    onStep('Connecting to hosts', this.hosts())
    const started = await Promise.allSettled(this.#hosts.map((host) => host.start(this.#signal)))
    const failed = started.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    onStep('Connecting hosts with each other', this.hosts())
    await this.#configureAll()
    await this.#connected()
    this.#timer = setInterval(() => void this.poll(), pollPeriodMs)
    this.#timer.unref()
  }

  hosts(): readonly LabHost[] {
    return this.#hosts.map(({ host }) => host)
  }

  satellite(hostId: string): SatelliteClient {
    const host = this.#hosts.find((each) => each.host.hostId === hostId)
    if (!host) throw new SkyError('not_found', `The lab ${this.name} has no host ${hostId}`)
    return this.#client(host)
  }

  inference(): InferenceClient {
    return this.#client(this.#inference()) as unknown as InferenceClient
  }

  samples(): ReadonlyMap<string, HostSample> {
    return new Map(
      this.#hosts.flatMap(({ host, sample }) => (sample === null ? [] : [[host.hostId, sample]])),
    )
  }

  poll(): Promise<void> {
    // One round at a time: a slow host must not pile up questions. Every host is connected to every other one.
    this.#polling ??= Promise.all(this.#hosts.map((host) => host.ask(this.#hosts.length - 1)))
      .then(() => undefined)
      .finally(() => {
        this.#polling = null
      })
    return this.#polling
  }

  async setFailures(failures: Failures): Promise<void> {
    this.#failures = failures
    // Those that cannot be reached hear of it once they can.
    const told = this.#hosts.filter(({ host }) => !isDown(host))
    await Promise.all(told.map((host) => this.#client(host).call('setFailures', failures)))
  }

  async restart(hostIds: readonly string[]): Promise<void> {
    const wanted = this.#hosts.filter(({ host }) => hostIds.includes(host.hostId))
    await Promise.all(wanted.map((host) => host.restart(restartLimitMs)))
    if (wanted.length === 0) return
    // A round that has begun before may have passed over those that are back.
    await this.#polling
    await this.poll()
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    await Promise.all(this.#hosts.map((host) => host.stop()))
  }

  onChange(listener: (change: LabChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #emit(change: LabChange): void {
    for (const listener of this.#listeners) listener(change)
  }

  #inference(): RemoteHost {
    const host = this.#hosts.at(-1)
    if (host?.host.role !== 'inference') {
      throw new SkyError(
        'invalid_argument',
        `The lab ${this.name} has no inference host`,
        'Add one to its inventory.',
      )
    }
    return host
  }

  #client(host: RemoteHost): SatelliteClient {
    if (isDown(host.host)) throw noAgentOn(host.host)
    return host.client as unknown as SatelliteClient
  }

  #topology(): LabTopology {
    const { inventory, token } = this.#options
    return {
      ...this.shape,
      inferenceHostId: this.#inference().host.hostId,
      token,
      peers: this.#hosts.flatMap(({ host: { hostId, planes } }) => {
        const host = inventory.hosts.find((each) => each.name === hostId)
        return host?.role === 'satellite'
          ? [{ hostId, planes, address: host.data_address ?? host.address, port: host.data_port }]
          : []
      }),
    }
  }

  /** Tell all hosts where every host of the lab listens; the inference host last, so that it finds the others ready. */
  async #configureAll(): Promise<void> {
    const topology = this.#topology()
    for (const role of ['satellite', 'inference'] as const) {
      const told = this.#hosts.filter(({ host }) => host.role === role)
      await Promise.all(told.map((host) => host.client.call('configure', topology)))
    }
    await Promise.all(this.#hosts.map((host) => host.client.call('setFailures', this.#failures)))
  }

  async #introduce(link: AgentLink): Promise<void> {
    const client = link.client as SatelliteClient
    await client.call('configure', this.#topology())
    await client.call('setFailures', this.#failures)
  }

  /** Wait until all hosts are connected to each other: a packet sent earlier would be lost. */
  async #connected(): Promise<void> {
    const deadline = Date.now() + connectLimitMs
    for (;;) {
      await this.poll()
      const late = this.hosts().filter(
        ({ state }) => state.kind !== 'healthy' || state.peersConnected < this.#hosts.length - 1,
      )
      if (late.length === 0) return
      if (this.#signal.aborted) throw new SkyError('cancelled', 'The start of the lab was cancelled')
      if (Date.now() > deadline) {
        const names = late.map(({ hostId }) => hostId).join(', ')
        throw new SkyError(
          'lab_start_failed',
          `${names} did not connect to all other hosts within ${connectLimitMs / 1000} s`,
          `Hosts must reach each other's data ports: skymemory lab preflight ${this.name}`,
        )
      }
      await sleep(connectPollMs)
    }
  }
}
