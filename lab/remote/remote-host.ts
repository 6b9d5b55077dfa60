import type { Hello } from '#shared/contract/agent-control'
import type { LabHost } from '#shared/contract/console-api'
import { SkyError, toErrorBody } from '#shared/contract/errors'
import type { Client, Contract } from '#shared/contract/rpc'
import type { HostSample, InferenceClient, LabChange, SatelliteClient } from '../hosts/lab-hosts'
import { cpuLoad, type CpuReading } from '../local/cpu-load'
import type { AgentLink } from './agent-link'
import { ClockWatch } from './clock-watch'
import { HostLink } from './host-link'
import { awayState, endedState, healthyState, isDown, newHost, silentState, type Ending } from './host-state'
import { SteadyClient } from './steady-client'

/** A host that does not answer in this time keeps its last sample, and the log says so. */
const answerLimitMs = 5_000
/** A call waits so long for a host that cannot be reached, ms; a trial is given up then. */
const patienceMs = 600_000

/** How a host is reached; made anew for every attempt. */
export interface HostAccess {
  /**
   * @throws SkyError `host_down` when the machine answers but its agent does not, `not_installed` when there is none; anything else: the
   * machine cannot be reached
   */
  open(signal: AbortSignal): Promise<AgentLink>
  /** How the agent ended that said `lost` when it was greeted; `crashed` where that cannot be known. */
  ending(lost: Hello): Promise<Ending>
  /** Start the agent if it does not run. @throws SkyError `lab_start_failed`, `not_installed` */
  startService(): Promise<void>
  close(): Promise<void>
}

export interface RemoteHostOptions {
  readonly hostId: string
  readonly role: LabHost['role']
  readonly planes: readonly number[]
  readonly address: string
  readonly access: HostAccess
  readonly onChange: (change: LabChange) => void
  /** A new process of the agent answers: it must be told of the lab. Resolves when it has been. */
  readonly onNewAgent: (link: AgentLink) => Promise<void>
}

/** One host behind SSH: how it is, and calls to its agent, which runs on whatever becomes of the connection. */
export class RemoteHost {
  readonly #options: RemoteHostOptions
  readonly client: SteadyClient<Contract>
  readonly #link: HostLink
  #host: LabHost
  #sample: HostSample | null = null
  #lastCpu: CpuReading | null = null
  readonly #clock = new ClockWatch()

  constructor(options: RemoteHostOptions) {
    this.#options = options
    this.#host = newHost(options)
    this.#link = new HostLink((signal) => options.access.open(signal), {
      onAway: (away) => this.#setState(awayState(away)),
      onNoAgent: (lost, isFirst) => this.#noAgent(lost, isFirst),
      onFound: (link, lost, wasDown) => this.#found(link, lost, wasDown),
    })
    this.client = new SteadyClient((signal) => this.#whenLinked(signal))
  }

  get host(): LabHost {
    return this.#host
  }

  get sample(): HostSample | null {
    return this.#sample
  }

  /** Open the first connection. @throws SkyError as `HostAccess.open` */
  async start(signal: AbortSignal): Promise<void> {
    this.#setState({ kind: 'starting' })
    try {
      const link = await this.#openOrStart(signal)
      this.#greet(link)
      this.#link.use(link)
    } catch (thrown) {
      this.#setState({ kind: 'stopped' })
      throw thrown
    }
  }

  /**
   * Try again now, and start the agent where it does not run.
   * @throws SkyError `not_installed`, `lab_start_failed` when that did not help in time
   */
  async restart(limitMs: number): Promise<void> {
    const { hostId } = this.#options
    const limit = AbortSignal.timeout(limitMs)
    let isStarted = false
    this.#link.tryNow()
    while (!this.#link.current && !limit.aborted) {
      if (isDown(this.#host) && !isStarted) {
        isStarted = true
        await this.#startService()
        this.#link.tryNow()
        // It may have come back meanwhile.
        continue
      }
      await this.#link.nextChange(limit)
    }
    if (this.#link.current) return
    const { state } = this.#host
    const why = state.kind === 'unreachable' ? state.reason : 'its agent does not run'
    throw new SkyError(
      'lab_start_failed',
      `${hostId} did not come back within ${limitMs / 1000} s: ${why}`,
      'Look at the host and at the log of its service.',
      { hostId },
    )
  }

  /** Leave it alone: the agent runs on. */
  async stop(): Promise<void> {
    this.#link.close()
    this.#setState({ kind: 'stopped' })
    await this.#options.access.close()
  }

  /** Ask how it is. Never fails: a host that does not answer keeps its last sample. */
  async ask(peersExpected: number): Promise<void> {
    const link = this.#link.current
    if (!link) return
    try {
      const { satellites, delay, peersConnected, rssBytes, cpuS, apiUrl, telemetry, model } =
        await this.#status(link)
      await this.#clock.exchange(link.client as SatelliteClient, AbortSignal.timeout(answerLimitMs))
      if (this.#link.current !== link) return
      this.#host = { ...this.#host, telemetry, clock: this.#clock.offset }
      const at = Date.now()
      const last = this.#lastCpu
      this.#lastCpu = { at, cpuS }
      const machine = telemetry && { machine: link.hello.hostId, telemetry }
      this.#sample = { at, satellites, delay, apiUrl, model, machine }
      const load = cpuLoad(last, { at, cpuS })
      const measured = { rssBytes, cpuLoad: load, peersConnected: peersConnected.length, peersExpected }
      this.#setState(healthyState(link.hello, measured))
    } catch (thrown) {
      if (this.#link.current !== link) return
      const isNew = this.#host.state.kind !== 'unreachable'
      this.#setState(silentState(this.#host.state, answerLimitMs, Date.now()))
      if (isNew) this.#say('warn', `did not say how it is: ${toErrorBody(thrown).message}`)
    }
  }

  async #status({ client }: AgentLink) {
    const limit = AbortSignal.timeout(answerLimitMs)
    return this.#options.role === 'satellite'
      ? {
          apiUrl: null,
          model: null,
          ...(await (client as SatelliteClient).call('counters', { telemetry: true }, limit)),
        }
      : { satellites: [], ...(await (client as InferenceClient).call('status', { telemetry: true }, limit)) }
  }

  async #openOrStart(signal: AbortSignal): Promise<AgentLink> {
    const { access } = this.#options
    try {
      return await access.open(signal)
    } catch (thrown) {
      if (!(thrown instanceof SkyError) || thrown.code !== 'host_down') throw thrown
      await access.startService()
      return access.open(signal)
    }
  }

  async #startService(): Promise<void> {
    try {
      await this.#options.access.startService()
    } catch (thrown) {
      const { code, message } = toErrorBody(thrown)
      if (code === 'not_installed') throw thrown
      this.#say('warn', `did not start: ${message}`)
    }
  }

  /** What follows from a new connection, before anybody uses it. */
  #greet(link: AgentLink): void {
    this.#lastCpu = null
    this.#host = { ...this.#host, hardware: link.hello.hardware }
    this.client.attach(link.client)
  }

  async #found(link: AgentLink, lost: Hello, wasDown: boolean): Promise<() => void> {
    const isSame = link.hello.pid === lost.pid && link.hello.startedAt === lost.startedAt
    const isNew = !isSame || wasDown
    if (isNew) {
      if (!wasDown) await this.#noAgent(lost, true)
      this.#sample = null
      this.#clock.reset()
      await this.#options.onNewAgent(link)
    }
    this.#greet(link)
    return () => {
      this.#say('info', isNew ? 'was started again' : 'can be reached again')
      this.#options.onChange({ kind: isNew ? 'returned' : 'reconnected', host: this.#host })
    }
  }

  async #noAgent(lost: Hello, isFirst: boolean): Promise<void> {
    // Somebody has it restarted; that may fail.
    if (!isFirst && this.#host.state.kind !== 'restarting') return
    const ending = await this.#options.access.ending(lost)
    this.#setState(endedState(ending, this.#host.state, Date.now()))
    if (isFirst) this.#options.onChange({ kind: 'lost', host: this.#host })
  }

  /** The client of the present connection, or of the next one. @throws SkyError `host_down`, `unreachable`, `cancelled` */
  async #whenLinked(signal?: AbortSignal): Promise<Client<Contract>> {
    const limit = AbortSignal.timeout(patienceMs)
    const ended = signal ? AbortSignal.any([limit, signal]) : limit
    const { hostId } = this.#options
    for (;;) {
      if (this.#link.current) return this.#link.current.client
      if (isDown(this.#host)) throw noAgentOn(this.#host)
      if (ended.aborted) {
        const { state } = this.#host
        const why = state.kind === 'unreachable' ? `: ${state.reason}` : ''
        const message = `${hostId} cannot be reached${why}`
        throw new SkyError('unreachable', message, 'Look at its cable and power.', { hostId })
      }
      await this.#link.nextChange(ended)
    }
  }

  #setState(state: LabHost['state']): void {
    this.#host = { ...this.#host, state }
    this.#options.onChange({ kind: 'host', host: this.#host })
    if (isDown(this.#host)) this.#link.wake()
  }

  #say(level: 'info' | 'warn', what: string): void {
    const text = `${this.#options.hostId} ${what}`
    this.#options.onChange({ kind: 'log', lines: [{ at: Date.now(), source: 'lab', level, text }] })
  }
}

/** What a call says to a host whose agent does not run. */
export function noAgentOn({ hostId, state }: LabHost): SkyError {
  const isRemoved = state.kind === 'removed'
  return new SkyError(
    'host_down',
    isRemoved ? `The agent of ${hostId} was removed` : `The agent of ${hostId} does not run`,
    isRemoved ? 'Apply the lab again.' : `Restart ${hostId}.`,
    { hostId },
  )
}
