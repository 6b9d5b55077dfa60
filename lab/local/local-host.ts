import {
  agentProtocolVersion,
  inferenceControl,
  satelliteControl,
  type Hello,
} from '#shared/contract/agent-control'
import type { LabHost, LogLine } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { connect } from '#shared/contract/rpc'
import type { HostSample, InferenceClient, LabChange, SatelliteClient } from '../hosts/lab-hosts'
import { AgentProcess } from './agent-process'
import { cpuLoad, type CpuReading } from './cpu-load'

export const loopback = '127.0.0.1'

/** A host that does not answer in this time keeps its last sample, and the log says so. */
const answerLimitMs = 5_000

/** The machine on which all hosts of the local lab are. */
const localMachine = 'local'

export interface LocalHostOptions {
  readonly hostId: string
  readonly role: LabHost['role']
  readonly planes: readonly number[]
  readonly nodeExecutable: string
  readonly agentEntry: string
  /** Where the inference host keeps the records that are not acknowledged. */
  readonly journalDirectory: string
  /** What runs real models, and where they lie; null = this installation has none. */
  readonly models?: { readonly packageFolder: string; readonly modelsDirectory: string } | null
  /** A path for the control socket of a new process: that of a killed one may still lie at its own. */
  readonly newSocketPath: (hostId: string) => string
  readonly onChange: (change: LabChange) => void
}

interface Running {
  readonly agent: AgentProcess
  readonly hello: Hello
  readonly client: SatelliteClient | InferenceClient
}

/** One host of the local lab: a process that may end and be started again; what it was keeps its place. */
export class LocalHost {
  readonly #options: LocalHostOptions
  #host: LabHost
  /** Where it listens, or listened last; 0 before its first start and for an inference host. */
  #port = 0
  #running: Running | null = null
  #stopping = false
  #sample: HostSample | null = null
  #lastCpu: CpuReading | null = null

  constructor(options: LocalHostOptions) {
    this.#options = options
    const { hostId, role, planes } = options
    this.#host = {
      hostId,
      role,
      planes: [...planes],
      address: loopback,
      hardware: null,
      telemetry: null,
      clock: null,
      state: { kind: 'stopped' },
    }
  }

  get host(): LabHost {
    return this.#host
  }

  get hostId(): string {
    return this.#options.hostId
  }

  get role(): LabHost['role'] {
    return this.#options.role
  }

  get port(): number {
    return this.#port
  }

  get isRunning(): boolean {
    return this.#running !== null
  }

  /** The newest answer to `ask`, also of an earlier process. */
  get sample(): HostSample | null {
    return this.#sample
  }

  /**
   * The control of the running process, by the methods that all hosts have and those of its role.
   * @throws SkyError host_down
   */
  client<C extends SatelliteClient | InferenceClient = SatelliteClient>(): C {
    if (this.#running === null) {
      const { hostId } = this
      throw new SkyError('host_down', `${hostId} is not running`, `Restart ${hostId}.`, { hostId })
    }
    return this.#running.client as C
  }

  /** Start its process, where it listened before if it did, else on any free port. */
  async start(signal: AbortSignal): Promise<void> {
    this.#setState({ kind: 'starting' })
    try {
      const agent = await this.#startAgent(this.#port, signal).catch((thrown: unknown) => {
        if (this.#port === 0 || signal.aborted) throw thrown
        // Another program may have taken the port meanwhile.
        return this.#startAgent(0, signal)
      })
      await this.#greet(agent)
    } catch (thrown) {
      this.#setState({ kind: 'stopped' })
      throw thrown
    }
  }

  /** From now on its end is no crash. */
  expectEnd(): void {
    this.#stopping = true
  }

  async stop(): Promise<void> {
    this.expectEnd()
    await this.#running?.agent.stop()
  }

  /** Ask how it is. Never fails: a host that does not answer keeps its last sample. */
  async ask(peersExpected: number): Promise<void> {
    const running = this.#running
    if (!running) return
    try {
      const { satellites, delay, peersConnected, rssBytes, cpuS, apiUrl, telemetry, model } =
        await this.#status(running)
      if (this.#running !== running) return
      const at = Date.now()
      const last = this.#lastCpu
      this.#lastCpu = { at, cpuS }
      const machine = telemetry === null ? null : { machine: localMachine, telemetry }
      this.#sample = { at, satellites, delay, apiUrl, model, machine }
      this.#host = { ...this.#host, telemetry }
      this.#setState({
        kind: 'healthy',
        pid: running.agent.pid,
        version: running.hello.version,
        nodeVersion: running.hello.nodeVersion,
        startedAt: running.hello.startedAt,
        rssBytes,
        cpuLoad: cpuLoad(last, { at, cpuS }),
        peersConnected: peersConnected.length,
        peersExpected,
      })
    } catch (thrown) {
      if (this.#running !== running) return
      const text = `${this.hostId} did not say how it is: ${thrown instanceof Error ? thrown.message : String(thrown)}`
      this.#emit({ kind: 'log', lines: [{ at: Date.now(), source: 'lab', level: 'warn', text }] })
    }
  }

  /** All hosts of the local lab are on one machine: the inference host alone reads it, for all of them. */
  async #status({ client }: Running) {
    const limit = AbortSignal.timeout(answerLimitMs)
    return this.role === 'satellite'
      ? { apiUrl: null, model: null, ...(await (client as SatelliteClient).call('counters', {}, limit)) }
      : { satellites: [], ...(await (client as InferenceClient).call('status', { telemetry: true }, limit)) }
  }

  #startAgent(port: number, signal: AbortSignal): Promise<AgentProcess> {
    const { hostId, role, nodeExecutable, agentEntry, journalDirectory, newSocketPath } = this.#options
    const args =
      role === 'satellite'
        ? ['--bind', loopback, '--port', String(port)]
        : ['--journal-directory', journalDirectory, ...modelArguments(this.#options)]
    const onLog = (line: LogLine): void => this.#emit({ kind: 'log', lines: [line] })
    const control = newSocketPath(hostId)
    return AgentProcess.start({ nodeExecutable, agentEntry, hostId, role, control, args, onLog }, signal)
  }

  /** Learn who the agent is, and from now on notice when it ends. */
  async #greet(agent: AgentProcess): Promise<void> {
    const client =
      this.role === 'satellite'
        ? connect(agent.connection, satelliteControl, this.hostId)
        : connect(agent.connection, inferenceControl, this.hostId)
    agent.connection.listen()
    try {
      const hello = await (client as SatelliteClient).call('hello', {})
      checkVersion(hello)
      this.#running = { agent, hello, client }
      this.#port = hello.dataPort
      this.#lastCpu = null
    } catch (thrown) {
      await agent.stop()
      throw thrown
    }
    void agent.exited.then(({ at, exitCode, signal, lastLines }) => {
      if (this.#running?.agent !== agent) return
      this.#running = null
      if (this.#stopping) return this.#setState({ kind: 'stopped' })
      this.#setState({ kind: 'crashed', at, exitCode, signal, lastLines })
      this.#emit({ kind: 'lost', host: this.#host })
    })
  }

  #setState(state: LabHost['state']): void {
    const hardware = this.#running?.hello.hardware ?? this.#host.hardware
    this.#host = { ...this.#host, hardware, state }
    this.#emit({ kind: 'host', host: this.#host })
  }

  #emit(change: LabChange): void {
    this.#options.onChange(change)
  }
}

function checkVersion(hello: Hello): void {
  if (hello.protocolVersion === agentProtocolVersion) return
  throw new SkyError(
    'version_skew',
    `The agent of ${hello.hostId} speaks version ${hello.protocolVersion} of the control protocol, this program version ${agentProtocolVersion}`,
    'Build or deploy the agent again.',
    { hostId: hello.hostId, agentVersion: hello.version },
  )
}

function modelArguments({ models }: LocalHostOptions): string[] {
  return models ? ['--llama-package', models.packageFolder, '--models-directory', models.modelsDirectory] : []
}
