import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { LabHost } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type {
  HostSample,
  InferenceClient,
  LabChange,
  LabHosts,
  LabShape,
  SatelliteClient,
  StartLab,
} from '../../hosts/lab-hosts'
import { SimulatedInference } from './simulated-inference'
import { simulatedLabThread, type FromThread, type ToThread } from './thread-messages'

const satellitesId = 'simulated-satellites'
const inferenceId = 'simulated-model'
/** The thread looks up between portions of events; one that does not answer in this time keeps its last sample. */
const answerLimitMs = 5_000
/** Time between two looks at the simulation, as at hosts: one sample a second on the timeline. */
const pollPeriodMs = 1_000
/** Heap of the thread at most, MB. */
const heapLimitMb = 4_096

const noDelay = { packets: 0, demandedMs: 0, achievedMs: 0, worstMs: 0 }

/** A lab whose hosts are a simulation in a thread: everything that drives a lab of real hosts drives it too. */
export function simulatedLab(workerEntry: string): StartLab {
  return async (shape, onStep, onChange) => {
    if (!existsSync(workerEntry)) {
      const hint = 'The installation is damaged, or was not built: npm run build.'
      throw new SkyError(
        'lab_start_failed',
        `the file of the worker threads is missing: ${workerEntry}`,
        hint,
      )
    }
    const lab = new SimulatedLab(workerEntry, shape)
    lab.onChange(onChange)
    onStep('Starting the simulation', lab.hosts())
    lab.start()
    return lab
  }
}

class SimulatedLab implements LabHosts {
  readonly name = 'simulated'
  readonly outlivesConsole = false
  readonly shape: LabShape
  readonly #workerEntry: string
  readonly #hosts = new Map<string, LabHost>()
  readonly #listeners = new Set<(change: LabChange) => void>()
  readonly #samples = new Map<string, HostSample>()
  #thread: Worker | null = null
  #inference: SimulatedInference | null = null
  #timer: NodeJS.Timeout | undefined
  /** The question how the simulation is that is not answered yet. */
  #polling: { readonly answered: Promise<void>; readonly answer: () => void } | null = null

  constructor(workerEntry: string, shape: LabShape) {
    this.#workerEntry = workerEntry
    this.shape = shape
    const planes = Array.from({ length: shape.planes }, (_, plane) => plane)
    this.#set(newHost(satellitesId, 'satellite', planes))
    this.#set(newHost(inferenceId, 'inference', []))
  }

  start(): void {
    const thread = new Worker(this.#workerEntry, {
      workerData: simulatedLabThread,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMb, maxYoungGenerationSizeMb: 64 },
    })
    const inference = new SimulatedInference((message: ToThread) => thread.postMessage(message))
    this.#thread = thread
    this.#inference = inference
    thread.on('message', (message: FromThread) => this.#heard(inference, message))
    // The exit says the same; without a listener it would end the program.
    thread.on('error', (error) => this.#log(`the simulation ended: ${error.message}`))
    thread.on('exit', () => this.#exited(thread))
    this.#timer = setInterval(() => void this.poll(), pollPeriodMs)
    this.#timer.unref()
    for (const host of this.hosts()) this.#set({ ...host, state: healthy() })
  }

  hosts(): readonly LabHost[] {
    return [...this.#hosts.values()]
  }

  satellite(hostId: string): SatelliteClient {
    if (hostId !== satellitesId) throw new SkyError('not_found', `The simulated lab has no host ${hostId}`)
    this.#require()
    return {
      // The stores of a trial are new with it, and of its chunks only numbers are known.
      call: async (method: string) => (method === 'storedBlocks' ? [] : null),
      on: () => () => undefined,
    } as unknown as SatelliteClient
  }

  inference(): InferenceClient {
    return this.#require().client
  }

  samples(): ReadonlyMap<string, HostSample> {
    return this.#samples
  }

  async poll(): Promise<void> {
    const thread = this.#thread
    if (thread === null) return
    if (this.#polling === null) {
      let answer: () => void = () => undefined
      const answered = new Promise<void>((resolve) => (answer = resolve))
      const timer = setTimeout(answer, answerLimitMs)
      this.#polling = { answered, answer }
      void answered.then(() => {
        clearTimeout(timer)
        this.#polling = null
      })
      thread.postMessage({ kind: 'report' } satisfies ToThread)
    }
    await this.#polling.answered
  }

  async setFailures(): Promise<void> {
    throw new SkyError(
      'not_supported',
      'Failures of a simulated lab follow its schedule',
      'Name them in the experiment: failures, satellite_mtbf_h, link_mtbf_h.',
    )
  }

  async restart(): Promise<void> {
    if (this.#thread !== null) return
    this.start()
    for (const host of this.hosts()) this.#emit({ kind: 'returned', host })
  }

  async stop(): Promise<void> {
    const thread = this.#thread
    this.#gone()
    await thread?.terminate()
    for (const host of this.hosts()) this.#set({ ...host, state: { kind: 'stopped' } })
  }

  onChange(listener: (change: LabChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #heard(inference: SimulatedInference, message: FromThread): void {
    inference.heard(message)
    if (message.kind === 'idle') this.#polling?.answer()
    if (message.kind !== 'reported') return
    const at = Date.now()
    const { satellites, trialAt } = message
    this.#samples.set(satellitesId, { at, trialAt, satellites, delay: noDelay, apiUrl: null, machine: null })
    this.#samples.set(inferenceId, {
      at,
      trialAt,
      satellites: [],
      delay: noDelay,
      apiUrl: null,
      machine: null,
    })
    this.#polling?.answer()
  }

  #gone(): void {
    clearInterval(this.#timer)
    this.#thread = null
    this.#inference?.down()
    this.#polling?.answer()
  }

  /** The thread ended without being told to: out of memory, or a defect. */
  #exited(thread: Worker): void {
    if (this.#thread !== thread) return
    this.#gone()
    for (const host of this.hosts()) {
      this.#set({
        ...host,
        state: { kind: 'crashed', at: Date.now(), exitCode: null, signal: null, lastLines: [] },
      })
      this.#emit({ kind: 'lost', host: this.#hosts.get(host.hostId) as LabHost })
    }
  }

  #require(): SimulatedInference {
    if (this.#inference === null || this.#thread === null) {
      throw new SkyError('host_down', 'the simulation is not running', 'Start it again.')
    }
    return this.#inference
  }

  #log(text: string): void {
    this.#emit({ kind: 'log', lines: [{ at: Date.now(), source: 'lab', level: 'error', text }] })
  }

  #set(host: LabHost): void {
    this.#hosts.set(host.hostId, host)
    this.#emit({ kind: 'host', host })
  }

  #emit(change: LabChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function newHost(hostId: string, role: LabHost['role'], planes: number[]): LabHost {
  return {
    hostId,
    role,
    planes,
    address: 'simulated',
    hardware: null,
    telemetry: null,
    clock: null,
    state: { kind: 'starting' },
  }
}

function healthy(): LabHost['state'] {
  return {
    kind: 'healthy',
    pid: process.pid,
    version: 'simulated',
    nodeVersion: process.versions.node,
    startedAt: Date.now(),
    rssBytes: process.memoryUsage.rss(),
    cpuLoad: null,
    peersConnected: 1,
    peersExpected: 1,
  }
}
