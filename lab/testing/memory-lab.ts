import type { SatelliteTrial, Telemetry } from '#shared/contract/agent-control'
import type { LabHost } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type {
  HostSample,
  InferenceClient,
  LabChange,
  LabHosts,
  LabShape,
  ReadMachine,
  SatelliteClient,
  StartLab,
} from '../hosts/lab-hosts'
import { MemoryInference, type Journals } from './memory-inference'
import { counters } from './records'

/** A lab without processes: hosts that answer from memory, and that a test can kill. */
export class MemoryLab implements LabHosts {
  readonly name = 'local'
  readonly outlivesConsole = false
  readonly shape: LabShape
  readonly #journals: Journals
  readonly #hosts = new Map<string, LabHost>()
  readonly #listeners = new Set<(change: LabChange) => void>()
  readonly #samples = new Map<string, HostSample>()
  readonly prepared: { hostId: string; trial: SatelliteTrial }[] = []
  inferenceHost: MemoryInference
  /** Hosts that run, but do not say how they are. */
  readonly mute = new Set<string>()
  /** What the machines of hosts do; by default nobody reads them. */
  readonly telemetry = new Map<string, Omit<Telemetry, 'at'>>()
  stopped = false

  constructor(shape: LabShape, journals: Journals = new Map()) {
    this.shape = shape
    this.#journals = journals
    this.inferenceHost = new MemoryInference(journals)
    for (let plane = 0; plane < shape.planes; plane++) this.#add(`nuc${plane + 1}`, 'satellite', [plane])
    this.#add('jetson', 'inference', [])
  }

  hosts(): readonly LabHost[] {
    return [...this.#hosts.values()]
  }

  satellite(hostId: string): SatelliteClient {
    this.#require(hostId)
    return {
      call: async (method: string, params: never) => {
        this.#require(hostId)
        if (method === 'prepareTrial') this.prepared.push({ hostId, trial: params })
        return method === 'storedBlocks' ? [] : null
      },
      on: () => () => undefined,
    } as unknown as SatelliteClient
  }

  inference(): InferenceClient {
    this.#require('jetson')
    return this.inferenceHost.client
  }

  samples(): ReadonlyMap<string, HostSample> {
    return this.#samples
  }

  async poll(): Promise<void> {
    for (const { hostId, planes, state } of this.#hosts.values()) {
      if (state.kind !== 'healthy' || this.mute.has(hostId)) continue
      const satellites = planes.flatMap((plane) =>
        Array.from({ length: this.shape.slots }, (_, slot) =>
          counters(slot, plane, { bytes: 10, evictions: 1, migratedIn: 3, migratedOut: 2 }),
        ),
      )
      const delay = { packets: 2, demandedMs: 4, achievedMs: 5, worstMs: 1 }
      this.#samples.set(hostId, {
        at: Date.now(),
        satellites,
        delay,
        apiUrl: null,
        machine: this.#read(hostId),
      })
    }
  }

  #read(hostId: string): ReadMachine | null {
    const telemetry = this.telemetry.get(hostId)
    return telemetry === undefined ? null : { machine: hostId, telemetry: { at: Date.now(), ...telemetry } }
  }

  async setFailures(): Promise<void> {}

  async restart(hostIds: readonly string[]): Promise<void> {
    for (const hostId of hostIds) {
      const host = this.#hosts.get(hostId)
      if (!host || host.state.kind === 'healthy') continue
      if (host.role === 'inference') this.inferenceHost = new MemoryInference(this.#journals)
      this.#set(host, healthy())
      this.#emit({ kind: 'returned', host: this.#hosts.get(hostId) as LabHost })
    }
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.inferenceHost.down()
    for (const host of this.#hosts.values()) this.#set(host, { kind: 'stopped' })
  }

  onChange(listener: (change: LabChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** As a kill -9 of its process. */
  kill(hostId: string): void {
    const host = this.#hosts.get(hostId) as LabHost
    if (host.role === 'inference') this.inferenceHost.down()
    this.#set(host, {
      kind: 'crashed',
      at: Date.now(),
      exitCode: null,
      signal: 'SIGKILL',
      lastLines: ['last words'],
    })
    this.#emit({ kind: 'lost', host: this.#hosts.get(hostId) as LabHost })
  }

  #add(hostId: string, role: LabHost['role'], planes: number[]): void {
    this.#hosts.set(hostId, {
      hostId,
      role,
      planes,
      address: 'memory',
      hardware: null,
      telemetry: null,
      clock: null,
      state: healthy(),
    })
  }

  #set(host: LabHost, state: LabHost['state']): void {
    const changed = { ...host, state }
    this.#hosts.set(host.hostId, changed)
    this.#emit({ kind: 'host', host: changed })
  }

  #emit(change: LabChange): void {
    for (const listener of this.#listeners) listener(change)
  }

  #require(hostId: string): void {
    const host = this.#hosts.get(hostId)
    if (!host) throw new SkyError('not_found', `There is no host ${hostId}`)
    if (host.state.kind !== 'healthy') throw new SkyError('host_down', `${hostId} is not running`)
  }
}

function healthy(): LabHost['state'] {
  return {
    kind: 'healthy',
    pid: 1,
    version: '1',
    nodeVersion: '20',
    startedAt: Date.now(),
    rssBytes: 1,
    cpuLoad: null,
    peersConnected: 0,
    peersExpected: 0,
  }
}

/** Starts labs in memory, and remembers them; they share their journals as if they were on one disk. */
export function memoryLabs(): {
  start: StartLab
  labs: MemoryLab[]
  readonly journals: Journals
  newest: () => MemoryLab
  failNext: (error: SkyError) => void
} {
  const labs: MemoryLab[] = []
  const journals: Journals = new Map()
  let failure: SkyError | null = null
  return {
    labs,
    journals,
    newest: () => labs.at(-1) as MemoryLab,
    failNext: (error) => (failure = error),
    start: async (shape, _onStep, onChange) => {
      if (failure) {
        const error = failure
        failure = null
        throw error
      }
      const lab = new MemoryLab(shape, journals)
      lab.onChange(onChange)
      labs.push(lab)
      return lab
    },
  }
}
