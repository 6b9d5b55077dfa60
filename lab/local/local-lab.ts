import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Failures, LabTopology } from '#shared/contract/agent-control'
import type { LabHost } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { dividePlanes } from '#shared/inventory/planes'
import type {
  HostSample,
  InferenceClient,
  LabChange,
  LabHosts,
  LabShape,
  SatelliteClient,
  StartLab,
} from '../hosts/lab-hosts'
import { LocalHost, loopback } from './local-host'
import { createSocketDirectory, type SocketDirectory } from './socket-directory'

export interface LocalLabOptions {
  readonly nodeExecutable: string
  readonly agentEntry: string
  /** Where the inference host keeps the records that are not acknowledged. */
  readonly journalDirectory: string
  /** What runs real models, and where they lie; null = this installation has none. */
  readonly models?: { readonly packageFolder: string; readonly modelsDirectory: string } | null
}

const inferenceHostId = 'jetson'
/** Beyond this many planes a host carries several: a process a plane would exhaust the machine. */
const mostSatelliteHosts = 24
const pollPeriodMs = 1_000
/** Time that hosts may take to connect to each other, and between two looks at it, ms. */
const connectLimitMs = 15_000
const connectPollMs = 25

/** Contiguous planes for every host: one each, as far as that goes. */
export function planesOfHosts(planes: number): number[][] {
  return dividePlanes(planes, Math.min(planes, mostSatelliteHosts))
}

/** The local lab: every host is a process on this machine, data goes over loopback. */
export function localLab(options: LocalLabOptions): StartLab {
  return async (shape, onStep, onChange, signal) => {
    const lab = new LocalLab(options, shape, await createSocketDirectory(), signal)
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

class LocalLab implements LabHosts {
  readonly name = 'local'
  readonly outlivesConsole = false
  readonly shape: LabShape
  readonly #sockets: SocketDirectory
  readonly #signal: AbortSignal
  readonly #hosts: readonly LocalHost[]
  readonly #listeners = new Set<(change: LabChange) => void>()
  readonly #token = randomBytes(24).toString('base64url')
  #failures: Failures = { satellites: [], links: [] }
  #starts = 0
  #restarting: Promise<void> = Promise.resolve()
  #polling: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(options: LocalLabOptions, shape: LabShape, sockets: SocketDirectory, signal: AbortSignal) {
    this.shape = shape
    this.#sockets = sockets
    this.#signal = signal
    const newHost = (hostId: string, role: LabHost['role'], planes: readonly number[]): LocalHost =>
      new LocalHost({
        ...options,
        hostId,
        role,
        planes,
        newSocketPath: () => sockets.path(`${hostId}-${++this.#starts}`),
        onChange: (change) => this.#emit(change),
      })
    this.#hosts = [
      ...planesOfHosts(shape.planes).map((planes, index) => newHost(`nuc${index + 1}`, 'satellite', planes)),
      newHost(inferenceHostId, 'inference', []),
    ]
  }

  async start(onStep: (step: string, hosts: readonly LabHost[]) => void): Promise<void> {
    onStep('Starting hosts', this.hosts())
    await this.#start(this.#hosts)
    onStep('Connecting hosts', this.hosts())
    await this.#configure(this.#hosts)
    await this.#connected()
    this.#timer = setInterval(() => void this.poll(), pollPeriodMs)
    this.#timer.unref()
  }

  hosts(): readonly LabHost[] {
    return this.#hosts.map(({ host }) => host)
  }

  satellite(hostId: string): SatelliteClient {
    return this.#host(hostId).client()
  }

  inference(): InferenceClient {
    return this.#host(inferenceHostId).client<InferenceClient>()
  }

  samples(): ReadonlyMap<string, HostSample> {
    return new Map(this.#hosts.flatMap(({ hostId, sample }) => (sample === null ? [] : [[hostId, sample]])))
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
    const running = this.#hosts.filter((host) => host.isRunning)
    await Promise.all(running.map((host) => host.client().call('setFailures', failures)))
  }

  restart(hostIds: readonly string[]): Promise<void> {
    // One after another: two that ask for the same host must not start it twice.
    const restarted = this.#restarting.then(() => this.#restart(hostIds))
    this.#restarting = restarted.catch(() => undefined)
    return restarted
  }

  async #restart(hostIds: readonly string[]): Promise<void> {
    const crashed = this.#hosts.filter((host) => hostIds.includes(host.hostId) && !host.isRunning)
    if (crashed.length === 0) return
    const ports = crashed.map((host) => host.port)
    await this.#start(crashed)
    // A host that listens where it did before is found again by the others; being told of the lab anew would empty them.
    const moved = crashed.some((host, index) => host.port !== ports[index])
    await this.#configure(moved ? this.#hosts : crashed)
    for (const host of crashed) {
      if (host.isRunning) await host.client().call('setFailures', this.#failures)
    }
    await this.#connected()
    for (const { host } of crashed) this.#emit({ kind: 'returned', host })
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    for (const host of this.#hosts) host.expectEnd()
    const [inference, ...satellites] = [...this.#hosts].reverse()
    // The inference host first: its packets must not meet satellites that are gone.
    await inference?.stop()
    await Promise.all(satellites.map((host) => host.stop()))
    await this.#sockets.remove()
  }

  onChange(listener: (change: LabChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #emit(change: LabChange): void {
    for (const listener of this.#listeners) listener(change)
  }

  #host(hostId: string): LocalHost {
    const host = this.#hosts.find((each) => each.hostId === hostId)
    if (!host) throw new SkyError('not_found', `The local lab has no host ${hostId}`)
    return host
  }

  /** Start these hosts side by side; all of them answer afterwards, or the first failure is thrown. */
  async #start(hosts: readonly LocalHost[]): Promise<void> {
    const results = await Promise.allSettled(hosts.map((host) => host.start(this.#signal)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** Tell these hosts where every host of the lab listens; the inference host last, so that it finds the others ready. */
  async #configure(hosts: readonly LocalHost[]): Promise<void> {
    const topology: LabTopology = {
      ...this.shape,
      inferenceHostId,
      token: this.#token,
      peers: this.#hosts
        .filter(({ role }) => role === 'satellite')
        .map(({ hostId, host, port }) => ({ hostId, planes: host.planes, port, address: loopback })),
    }
    for (const role of ['satellite', 'inference'] as const) {
      const told = hosts.filter((host) => host.role === role && host.isRunning)
      await Promise.all(told.map((host) => host.client().call('configure', topology)))
    }
  }

  /** Wait until all running hosts are connected to each other: a packet sent earlier would be lost. */
  async #connected(): Promise<void> {
    const running = this.#hosts.filter((host) => host.isRunning).length
    const deadline = Date.now() + connectLimitMs
    for (;;) {
      await this.poll()
      const late = this.hosts().filter(
        ({ state }) => state.kind === 'healthy' && state.peersConnected < running - 1,
      )
      if (late.length === 0 || this.#signal.aborted) return
      if (Date.now() > deadline) {
        const names = late.map(({ hostId }) => hostId).join(', ')
        const seconds = connectLimitMs / 1000
        const message = `${names} did not connect to all other hosts within ${seconds} s`
        throw new SkyError('lab_start_failed', message, 'See the log, then start the lab again.')
      }
      await sleep(connectPollMs)
    }
  }
}
