import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  agentProtocolVersion,
  inferenceControl,
  satelliteControl,
  type Failures,
  type Hello,
  type LabTopology,
} from '#shared/contract/agent-control'
import type { LabHost } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { connect } from '#shared/contract/rpc'
import type {
  HostSample,
  InferenceClient,
  LabChange,
  LabHosts,
  LabShape,
  SatelliteClient,
  StartLab,
} from '../hosts/lab-hosts'
import { AgentProcess } from './agent-process'
import { createSocketDirectory, type SocketDirectory } from './socket-directory'

export interface LocalLabOptions {
  readonly nodeExecutable: string
  readonly agentEntry: string
  /** Where the inference host keeps the records that are not acknowledged. */
  readonly journalDirectory: string
}

const inferenceHostId = 'jetson'
const loopback = '127.0.0.1'
/** Beyond this many planes a host carries several: a process a plane would exhaust the machine. */
const mostSatelliteHosts = 24
const pollPeriodMs = 1_000
/** A host that does not answer in this time keeps its last sample, and the log says so. */
const answerLimitMs = 5_000
/** Time that hosts may take to connect to each other, and between two looks at it, ms. */
const connectLimitMs = 15_000
const connectPollMs = 25

/** One host as the supervisor knows it; the process changes when it is restarted. */
interface Member {
  readonly hostId: string
  readonly planes: number[]
  /** Where it listens, or listened last; 0 before its first start and for the inference host. */
  port: number
  host: LabHost
  running: {
    readonly agent: AgentProcess
    readonly hello: Hello
    readonly client: SatelliteClient | InferenceClient
  } | null
  lastCpu: { at: number; cpuS: number } | null
}

/** Contiguous planes for every host: one each, as far as that goes. */
export function planesOfHosts(planes: number): number[][] {
  const count = Math.min(planes, mostSatelliteHosts)
  return Array.from({ length: count }, (_, host) => {
    const first = Math.floor((host * planes) / count)
    const next = Math.floor(((host + 1) * planes) / count)
    return Array.from({ length: next - first }, (_plane, index) => first + index)
  })
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
  readonly shape: LabShape
  readonly #options: LocalLabOptions
  readonly #sockets: SocketDirectory
  readonly #signal: AbortSignal
  readonly #members: Member[]
  readonly #listeners = new Set<(change: LabChange) => void>()
  readonly #samples = new Map<string, HostSample>()
  readonly #token = randomBytes(24).toString('base64url')
  #failures: Failures = { satellites: [], links: [] }
  #starts = 0
  #stopping = false
  #restarting: Promise<void> = Promise.resolve()
  #polling: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(options: LocalLabOptions, shape: LabShape, sockets: SocketDirectory, signal: AbortSignal) {
    this.shape = shape
    this.#options = options
    this.#sockets = sockets
    this.#signal = signal
    this.#members = [
      ...planesOfHosts(shape.planes).map((planes, index) =>
        newMember(`nuc${index + 1}`, 'satellite', planes),
      ),
      newMember(inferenceHostId, 'inference', []),
    ]
  }

  async start(onStep: (step: string, hosts: readonly LabHost[]) => void): Promise<void> {
    onStep('Starting hosts', this.hosts())
    await this.#spawn(this.#members)
    onStep('Connecting hosts', this.hosts())
    await this.#configure(this.#members)
    await this.#connected()
    this.#timer = setInterval(() => void this.poll(), pollPeriodMs)
    this.#timer.unref()
  }

  hosts(): readonly LabHost[] {
    return this.#members.map((member) => member.host)
  }

  satellite(hostId: string): SatelliteClient {
    return this.#running(hostId).client as SatelliteClient
  }

  inference(): InferenceClient {
    return this.#running(inferenceHostId).client as InferenceClient
  }

  samples(): ReadonlyMap<string, HostSample> {
    return this.#samples
  }

  poll(): Promise<void> {
    // One round at a time: a slow host must not pile up questions.
    this.#polling ??= Promise.all(this.#members.map((member) => this.#ask(member)))
      .then(() => undefined)
      .finally(() => {
        this.#polling = null
      })
    return this.#polling
  }

  async setFailures(failures: Failures): Promise<void> {
    this.#failures = failures
    const healthy = this.#members.flatMap((member) => member.running?.client ?? [])
    await Promise.all(
      healthy.map(async (client) => (client as SatelliteClient).call('setFailures', failures)),
    )
  }

  restart(hostIds: readonly string[]): Promise<void> {
    // One after another: two that ask for the same host must not start it twice.
    const restarted = this.#restarting.then(() => this.#restart(hostIds))
    this.#restarting = restarted.catch(() => undefined)
    return restarted
  }

  async #restart(hostIds: readonly string[]): Promise<void> {
    const crashed = this.#members.filter((member) => hostIds.includes(member.hostId) && !member.running)
    if (crashed.length === 0) return
    const ports = crashed.map((member) => member.port)
    await this.#spawn(crashed)
    // A host that listens where it did before is found again by the others; being told of the lab anew would empty them.
    const moved = crashed.some((member, index) => member.port !== ports[index])
    await this.#configure(moved ? this.#members : crashed)
    for (const { running } of crashed) {
      await (running?.client as SatelliteClient | undefined)?.call('setFailures', this.#failures)
    }
    await this.#connected()
    for (const member of crashed) this.#emit({ kind: 'returned', host: member.host })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#timer) clearInterval(this.#timer)
    const [inference, ...satellites] = [...this.#members].reverse()
    // The inference host first: its packets must not meet satellites that are gone.
    await inference?.running?.agent.stop()
    await Promise.all(satellites.map(async (member) => member.running?.agent.stop()))
    await this.#sockets.remove()
  }

  onChange(listener: (change: LabChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #emit(change: LabChange): void {
    for (const listener of this.#listeners) listener(change)
  }

  #running(hostId: string): NonNullable<Member['running']> {
    const member = this.#members.find((each) => each.hostId === hostId)
    if (!member) throw new SkyError('not_found', `The local lab has no host ${hostId}`)
    if (!member.running) {
      throw new SkyError('host_down', `${hostId} is not running`, `Restart ${hostId}.`, { hostId })
    }
    return member.running
  }

  #setState(member: Member, state: LabHost['state']): void {
    member.host = { ...member.host, hardware: member.running?.hello.hardware ?? member.host.hardware, state }
    this.#emit({ kind: 'host', host: member.host })
  }

  /** Start these hosts side by side; all of them answer afterwards, or the first failure is thrown. */
  async #spawn(members: readonly Member[]): Promise<void> {
    const results = await Promise.allSettled(members.map((member) => this.#spawnOne(member)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** Start a host, where it listened before if it did, else on any free port. */
  async #spawnOne(member: Member): Promise<void> {
    this.#setState(member, { kind: 'starting' })
    try {
      const agent = await this.#startAgent(member, member.port).catch((thrown: unknown) => {
        if (member.port === 0 || this.#signal.aborted) throw thrown
        // Another program may have taken the port meanwhile.
        return this.#startAgent(member, 0)
      })
      await this.#greet(member, agent)
    } catch (thrown) {
      this.#setState(member, { kind: 'stopped' })
      throw thrown
    }
  }

  #startAgent({ hostId, host }: Member, port: number): Promise<AgentProcess> {
    // A name of its own for every start: the socket of a killed agent may still lie there.
    this.#starts += 1
    return AgentProcess.start(
      {
        nodeExecutable: this.#options.nodeExecutable,
        agentEntry: this.#options.agentEntry,
        hostId,
        role: host.role,
        control: this.#sockets.path(`${hostId}-${this.#starts}`),
        args:
          host.role === 'satellite'
            ? ['--bind', loopback, '--port', String(port)]
            : ['--journal-directory', this.#options.journalDirectory],
        onLog: (line) => this.#emit({ kind: 'log', lines: [line] }),
      },
      this.#signal,
    )
  }

  /** Learn who the agent is, and from now on notice when it ends. */
  async #greet(member: Member, agent: AgentProcess): Promise<void> {
    const { hostId, host } = member
    const client =
      host.role === 'satellite'
        ? connect(agent.connection, satelliteControl, hostId)
        : connect(agent.connection, inferenceControl, hostId)
    agent.connection.listen()
    try {
      const hello = await (client as SatelliteClient).call('hello', {})
      checkVersion(hello)
      member.running = { agent, hello, client }
      member.port = hello.dataPort
      member.lastCpu = null
    } catch (thrown) {
      await agent.stop()
      throw thrown
    }
    void agent.exited.then((exit) => {
      if (member.running?.agent !== agent) return
      member.running = null
      if (this.#stopping) return this.#setState(member, { kind: 'stopped' })
      const { at, exitCode, signal, lastLines } = exit
      this.#setState(member, { kind: 'crashed', at, exitCode, signal, lastLines })
      this.#emit({ kind: 'lost', host: member.host })
    })
  }

  /** Tell these hosts where every host of the lab listens; the inference host last, so that it finds the others ready. */
  async #configure(members: readonly Member[]): Promise<void> {
    const topology: LabTopology = {
      ...this.shape,
      inferenceHostId,
      token: this.#token,
      peers: this.#members
        .filter((member) => member.host.role === 'satellite')
        .map(({ hostId, planes, port }) => ({ hostId, planes, port, address: loopback })),
    }
    for (const role of ['satellite', 'inference'] as const) {
      const clients = members.filter((member) => member.host.role === role && member.running)
      await Promise.all(
        clients.map((member) => (member.running?.client as SatelliteClient).call('configure', topology)),
      )
    }
  }

  /** Wait until all running hosts are connected to each other: a packet sent earlier would be lost. */
  async #connected(): Promise<void> {
    const running = this.#members.filter((member) => member.running).length
    const deadline = Date.now() + connectLimitMs
    for (;;) {
      await this.poll()
      const late = this.#members.filter(
        ({ host }) => host.state.kind === 'healthy' && host.state.peersConnected < running - 1,
      )
      if (late.length === 0 || this.#signal.aborted) return
      if (Date.now() > deadline) {
        const names = late.map((member) => member.hostId).join(', ')
        const seconds = connectLimitMs / 1000
        const message = `${names} did not connect to all other hosts within ${seconds} s`
        throw new SkyError('lab_start_failed', message, 'See the log, then start the lab again.')
      }
      await sleep(connectPollMs)
    }
  }

  async #ask(member: Member): Promise<void> {
    const running = member.running
    if (!running) return
    const limit = AbortSignal.timeout(answerLimitMs)
    try {
      const { satellites, delay, peersConnected, rssBytes, cpuS, apiUrl } =
        member.host.role === 'satellite'
          ? { apiUrl: null, ...(await (running.client as SatelliteClient).call('counters', {}, limit)) }
          : { satellites: [], ...(await (running.client as InferenceClient).call('status', {}, limit)) }
      if (member.running !== running) return
      const at = Date.now()
      const last = member.lastCpu
      member.lastCpu = { at, cpuS }
      this.#samples.set(member.hostId, { at, satellites, delay, apiUrl })
      this.#setState(member, {
        kind: 'healthy',
        pid: running.agent.pid,
        version: running.hello.version,
        nodeVersion: running.hello.nodeVersion,
        startedAt: running.hello.startedAt,
        rssBytes,
        cpuLoad: last && at > last.at ? Math.max(0, (cpuS - last.cpuS) / ((at - last.at) / 1000)) : null,
        peersConnected: peersConnected.length,
        // Every host is connected to every other one.
        peersExpected: this.#members.length - 1,
      })
    } catch (thrown) {
      if (member.running !== running) return
      const text = `${member.hostId} did not say how it is: ${thrown instanceof Error ? thrown.message : String(thrown)}`
      this.#emit({ kind: 'log', lines: [{ at: Date.now(), source: 'lab', level: 'warn', text }] })
    }
  }
}

function newMember(hostId: string, role: 'satellite' | 'inference', planes: number[]): Member {
  return {
    hostId,
    planes,
    port: 0,
    host: { hostId, role, planes, address: loopback, hardware: null, state: { kind: 'stopped' } },
    running: null,
    lastCpu: null,
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
