import { setTimeout as sleep } from 'node:timers/promises'
import type { Hello, inferenceControl, satelliteControl } from '#shared/contract/agent-control'
import type { LabHost } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Client, Contract } from '#shared/contract/rpc'
import type { HostSample, InferenceClient, LabChange, SatelliteClient } from '../hosts/lab-hosts'
import { cpuLoad, type CpuReading } from '../local/cpu-load'
import { backoffMs } from './backoff'
import { ClockWatch } from './clock-watch'
import type { AgentEnding } from '../provisioning/services/service-control'
import type { AgentLink } from './agent-link'
import { SteadyClient } from './steady-client'

/** A host that does not answer in this time keeps its last sample, and the log says so. */
const answerLimitMs = 5_000
/** A call waits so long for a host that cannot be reached, ms; a trial is given up then. */
const patienceMs = 600_000

export type Ending =
  | Exclude<AgentEnding, { kind: 'crashed' }>
  /** With the newest lines of its log; none where it cannot be read. */
  | { readonly kind: 'crashed'; readonly lastLines: string[] }

/** How a host is reached; made anew for every attempt. */
export interface HostAccess {
  /**
   * @throws SkyError `host_down` when the machine answers but its agent does not; anything else: the machine cannot be reached
   */
  open(signal: AbortSignal): Promise<AgentLink>
  /** How the agent ended that said `lost` when it was greeted; `crashed` where that cannot be known. */
  ending(lost: Hello): Promise<Ending>
  /** Start the agent if it does not run. @throws SkyError `lab_start_failed` */
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

/** One host behind SSH. Its agent runs on whatever becomes of the connection; a lost one is opened again, for as long as it takes. */
export class RemoteHost {
  readonly #options: RemoteHostOptions
  readonly #ending = new AbortController()
  readonly client: SteadyClient<Contract>
  #host: LabHost
  #link: AgentLink | null = null
  #sample: HostSample | null = null
  #lastCpu: CpuReading | null = null
  readonly #clock = new ClockWatch()
  /** Ends the wait before the next attempt. */
  #hurry = new AbortController()
  readonly #waiting = new Set<() => void>()

  constructor(options: RemoteHostOptions) {
    this.#options = options
    const { hostId, role, planes, address } = options
    this.#host = {
      hostId,
      role,
      planes: [...planes],
      address,
      hardware: null,
      telemetry: null,
      clock: null,
      state: { kind: 'stopped' },
    }
    this.client = new SteadyClient((signal) => this.#whenLinked(signal))
  }

  get host(): LabHost {
    return this.#host
  }

  get sample(): HostSample | null {
    return this.#sample
  }

  get isLinked(): boolean {
    return this.#link !== null
  }

  /** Where other hosts connect; 0 for an inference host and before the first connection. */
  get dataPort(): number {
    return this.#link?.hello.dataPort ?? 0
  }

  /** Open the first connection. @throws SkyError as `HostAccess.open` */
  async start(signal: AbortSignal): Promise<void> {
    this.#setState({ kind: 'starting' })
    try {
      this.#linked(await this.#openOrStart(signal))
    } catch (thrown) {
      this.#setState({ kind: 'stopped' })
      throw thrown
    }
  }

  /** Try again now, and start the agent where it does not run. @throws SkyError `lab_start_failed` when that did not help in time */
  async restart(limitMs: number): Promise<void> {
    if (this.#link) return
    const { hostId, access } = this.#options
    const limit = AbortSignal.timeout(limitMs)
    let isStarted = false
    this.#hurry.abort()
    while (!this.#link && !limit.aborted) {
      if (isDown(this.#host) && !isStarted) {
        isStarted = true
        await access
          .startService()
          .catch((thrown: unknown) => this.#say('warn', `did not start: ${messageOf(thrown)}`))
        this.#hurry.abort()
        // It may have come back meanwhile.
        continue
      }
      await this.#nextChange(limit)
    }
    if (this.#link) return
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
    this.#ending.abort()
    const link = this.#link
    this.#link = null
    link?.close()
    this.#wake()
    this.#setState({ kind: 'stopped' })
    await this.#options.access.close()
  }

  /** Ask how it is. Never fails: a host that does not answer keeps its last sample. */
  async ask(peersExpected: number): Promise<void> {
    const link = this.#link
    if (!link) return
    try {
      const { satellites, delay, peersConnected, rssBytes, cpuS, apiUrl, telemetry, model } =
        await this.#status(link)
      await this.#clock.exchange(link.client as SatelliteClient, AbortSignal.timeout(answerLimitMs))
      if (this.#link !== link) return
      this.#host = { ...this.#host, telemetry, clock: this.#clock.offset }
      const at = Date.now()
      const last = this.#lastCpu
      this.#lastCpu = { at, cpuS }
      this.#sample = {
        at,
        satellites,
        delay,
        apiUrl,
        model,
        machine: telemetry && { machine: link.hello.hostId, telemetry },
      }
      const { pid, version, nodeVersion, startedAt } = link.hello
      this.#setState({
        kind: 'healthy',
        pid,
        version,
        nodeVersion,
        startedAt,
        rssBytes,
        cpuLoad: cpuLoad(last, { at, cpuS }),
        peersConnected: peersConnected.length,
        peersExpected,
      })
    } catch (thrown) {
      if (this.#link === link) this.#silent(thrown)
    }
  }

  /** The connection is there, but nothing comes over it: a cut cable is known by this long before TCP gives up. */
  #silent(thrown: unknown): void {
    const { state } = this.#host
    if (state.kind === 'unreachable') return this.#setState({ ...state, attempts: state.attempts + 1 })
    const reason = `no answer for ${answerLimitMs / 1000} s`
    const since = Date.now() - answerLimitMs
    this.#setState({ kind: 'unreachable', since, attempts: 1, nextAttemptAt: null, reason })
    this.#say('warn', `did not say how it is: ${messageOf(thrown)}`)
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

  #linked(link: AgentLink): void {
    this.#link = link
    this.#lastCpu = null
    this.#host = { ...this.#host, hardware: link.hello.hardware }
    this.client.attach(link.client)
    void link.closed.then(() => this.#unlinked(link))
    this.#wake()
  }

  #unlinked(link: AgentLink): void {
    if (this.#link !== link) return
    this.#link = null
    void this.#linkAgain(link.hello)
  }

  /** Try until there is a connection again, or nobody wants one. `lost`: the agent to which there was one. */
  async #linkAgain(lost: Hello): Promise<void> {
    const since = Date.now()
    let reason = 'the connection was lost'
    let wasDown = false
    for (let attempt = 1; !this.#ending.signal.aborted; attempt++) {
      const waitMs = backoffMs(attempt)
      const away = { kind: 'unreachable' as const, since, attempts: attempt - 1, reason }
      if (!wasDown) this.#setState({ ...away, nextAttemptAt: Date.now() + waitMs })
      await this.#pause(waitMs)
      if (this.#ending.signal.aborted) return
      if (!wasDown) this.#setState({ ...away, nextAttemptAt: null })
      let link: AgentLink | null = null
      try {
        link = await this.#options.access.open(this.#ending.signal)
        await this.#back(link, lost, wasDown)
        return
      } catch (thrown) {
        link?.close()
        this.#link = null
        reason = messageOf(thrown)
        if (!(thrown instanceof SkyError) || thrown.code !== 'host_down') continue
        if (!wasDown) await this.#down(lost)
        // Somebody has it restarted; that may fail.
        else if (this.#host.state.kind === 'restarting') this.#setState(await this.#endState(lost))
        wasDown = true
      }
    }
  }

  async #back(link: AgentLink, lost: Hello, wasDown: boolean): Promise<void> {
    const isSame = link.hello.pid === lost.pid && link.hello.startedAt === lost.startedAt
    if (isSame && !wasDown) {
      this.#linked(link)
      this.#say('info', 'can be reached again')
      this.#emit({ kind: 'reconnected', host: this.#host })
      return
    }
    if (!wasDown) await this.#down(lost)
    this.#sample = null
    this.#clock.reset()
    await this.#options.onNewAgent(link)
    this.#linked(link)
    this.#say('info', 'was started again')
    this.#emit({ kind: 'returned', host: this.#host })
  }

  async #down(lost: Hello): Promise<void> {
    this.#setState(await this.#endState(lost))
    this.#emit({ kind: 'lost', host: this.#host })
  }

  async #endState(lost: Hello): Promise<LabHost['state']> {
    const ending = await this.#options.access.ending(lost)
    const { state } = this.#host
    const at = state.kind === 'restarting' ? state.at : Date.now()
    switch (ending.kind) {
      case 'stopped':
        return { kind: 'stopped_by_hand', at, by: ending.by }
      case 'restart':
      case 'update':
        return { kind: 'restarting', at, by: ending.by, isUpdate: ending.kind === 'update' }
      case 'crashed':
        return { kind: 'crashed', at, exitCode: null, signal: null, lastLines: ending.lastLines }
    }
  }

  async #pause(ms: number): Promise<void> {
    this.#hurry = new AbortController()
    const signal = AbortSignal.any([this.#hurry.signal, this.#ending.signal])
    await sleep(ms, undefined, { signal }).catch(() => undefined)
  }

  /** The client of the present connection, or of the next one. @throws SkyError `host_down`, `unreachable`, `cancelled` */
  async #whenLinked(signal?: AbortSignal): Promise<Client<Contract>> {
    const limit = AbortSignal.timeout(patienceMs)
    const ended = signal ? AbortSignal.any([limit, signal]) : limit
    for (;;) {
      if (this.#link) return this.#link.client
      const { hostId } = this.#options
      const { state } = this.#host
      if (isDown(this.#host)) {
        throw new SkyError('host_down', `The agent of ${hostId} does not run`, `Restart ${hostId}.`, {
          hostId,
        })
      }
      if (ended.aborted) {
        const why = state.kind === 'unreachable' ? `: ${state.reason}` : ''
        throw new SkyError(
          'unreachable',
          `${hostId} cannot be reached${why}`,
          'Look at its cable and power.',
          {
            hostId,
          },
        )
      }
      await this.#nextChange(ended)
    }
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  #setState(state: LabHost['state']): void {
    this.#host = { ...this.#host, state }
    this.#emit({ kind: 'host', host: this.#host })
    if (isDown(this.#host)) this.#wake()
  }

  #emit(change: LabChange): void {
    this.#options.onChange(change)
  }

  #say(level: 'info' | 'warn', what: string): void {
    const text = `${this.#options.hostId} ${what}`
    this.#emit({ kind: 'log', lines: [{ at: Date.now(), source: 'lab', level, text }] })
  }
}

/** No agent runs there; what its satellites stored is lost. */
export function isDown({ state }: LabHost): boolean {
  switch (state.kind) {
    case 'crashed':
    case 'stopped_by_hand':
    case 'restarting':
    case 'stopped':
      return true
    case 'starting':
    case 'healthy':
    case 'unreachable':
      return false
  }
}

export type SatelliteSteadyClient = SteadyClient<typeof satelliteControl>
export type InferenceSteadyClient = SteadyClient<typeof inferenceControl>

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
