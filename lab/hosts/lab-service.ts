import type { Failures } from '#shared/contract/agent-control'
import type { LabHost, LabState, LogLine } from '#shared/contract/console-api'
import { SkyError, toErrorBody } from '#shared/contract/errors'
import type { Position } from '#shared/constellation/torus'
import { endedHow } from './ended-how'
import type { LabChange, LabHosts, StartLab, WantedLab } from './lab-hosts'

export interface LabServiceOptions {
  /** How a lab of this name is started. */
  readonly startLab: (name: string) => StartLab
  readonly onState: (state: LabState) => void
  readonly onLog: (lines: readonly LogLine[]) => void
}

type Link = Position & { readonly direction: 'slot' | 'plane' }

const gatherMs = 100

const nothingFailed: Failures = { satellites: [], links: [] }

/** The one lab that the engine drives: started, watched, reshaped and stopped here, whoever asks. */
export class LabService {
  readonly #options: LabServiceOptions
  #lab: LabHosts | null = null
  #state: LabState = { kind: 'stopped' }
  #failures: Failures = nothingFailed
  #starting: AbortController | null = null
  #telling: NodeJS.Timeout | undefined
  /** Starts and stops happen one after another. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: LabServiceOptions) {
    this.#options = options
  }

  get state(): LabState {
    return this.#state
  }

  /** The hosts, or null while no lab runs. */
  get hosts(): LabHosts | null {
    return this.#lab
  }

  get failures(): Failures {
    return this.#failures
  }

  /** @throws SkyError `lab_not_running` */
  require(): LabHosts {
    if (!this.#lab) throw new SkyError('lab_not_running', 'The lab is not running', 'Start the lab first.')
    return this.#lab
  }

  /** A running lab of this name and shape: the one that runs, or a new one in its place. @throws SkyError `lab_start_failed`, `cancelled` */
  ensure(wanted: WantedLab): Promise<LabHosts> {
    return this.#inTurn(async () => {
      if (this.#lab && isSame(this.#lab, wanted)) return this.#lab
      await this.#stop()
      return this.#start(wanted)
    })
  }

  /** Also ends a start that is under way. */
  stop(): Promise<void> {
    this.#starting?.abort()
    return this.#inTurn(() => this.#stop())
  }

  /** Ask every host how it is, and tell at once. */
  async refresh(): Promise<void> {
    // A round that has begun before may have passed over what has just happened.
    await this.#lab?.poll()
    await this.#lab?.poll()
    this.#tell()
  }

  async setSatelliteFailed(position: Position, failed: boolean): Promise<void> {
    const same = (other: Position): boolean => other.slot === position.slot && other.plane === position.plane
    this.#check(position)
    const satellites = this.#failures.satellites.filter((other) => !same(other))
    await this.#setFailures({
      ...this.#failures,
      satellites: failed ? [...satellites, position] : satellites,
    })
  }

  async setLinkFailed(link: Link, failed: boolean): Promise<void> {
    const same = (other: Link): boolean =>
      other.slot === link.slot && other.plane === link.plane && other.direction === link.direction
    this.#check(link)
    const links = this.#failures.links.filter((other) => !same(other))
    await this.#setFailures({ ...this.#failures, links: failed ? [...links, link] : links })
  }

  async #setFailures(failures: Failures): Promise<void> {
    await this.require().setFailures(failures)
    this.#failures = failures
    this.#tell()
  }

  #check(position: Position): void {
    const { slots, planes } = this.require().shape
    if (position.slot < slots && position.plane < planes) return
    throw new SkyError(
      'invalid_argument',
      `There is no satellite at slot ${position.slot}, plane ${position.plane}`,
      `The constellation has ${slots} slots and ${planes} planes, counted from 0.`,
    )
  }

  async #start({ name, slots, planes }: WantedLab): Promise<LabHosts> {
    const starting = new AbortController()
    this.#starting = starting
    let hosts: readonly LabHost[] = []
    let step = 'Starting'
    const starts = (): void => this.#set({ kind: 'starting', name, step, hosts: [...hosts] })
    starts()
    try {
      const lab = await this.#options.startLab(name)(
        { slots, planes },
        (nextStep, members) => {
          step = nextStep
          hosts = members
          starts()
        },
        (change) => {
          if (change.kind === 'host' && !this.#lab) {
            hosts = hosts.map((host) => (host.hostId === change.host.hostId ? change.host : host))
            if (this.#state.kind === 'starting') starts()
          }
          this.#heard(change)
        },
        starting.signal,
      )
      this.#lab = lab
      this.#failures = nothingFailed
      this.#tell()
      return lab
    } catch (thrown) {
      const error = toErrorBody(thrown)
      if (error.code === 'cancelled') this.#set({ kind: 'stopped' })
      else this.#set({ kind: 'failed', name, error, hosts: [...hosts] })
      throw thrown
    } finally {
      this.#starting = null
    }
  }

  async #stop(): Promise<void> {
    const lab = this.#lab
    if (!lab) {
      if (this.#state.kind !== 'stopped') this.#set({ kind: 'stopped' })
      return
    }
    this.#lab = null
    this.#set({ kind: 'stopping', name: lab.name, hosts: [...lab.hosts()] })
    await lab.stop()
    this.#set({ kind: 'stopped' })
  }

  #heard(change: LabChange): void {
    if (change.kind === 'log') return this.#options.onLog(change.lines)
    if (change.kind === 'host' && change.host.state.kind === 'healthy') return this.#tellSoon()
    this.#tell()
    if (change.kind !== 'lost') return
    const { hostId, state } = change.host
    const level = state.kind === 'crashed' ? 'error' : 'warn'
    const text = `${hostId} ${endedHow(change.host)}`
    this.#options.onLog([{ at: Date.now(), source: 'lab', level, text }])
  }

  /** Every host is asked once a second: their answers are told together. */
  #tellSoon(): void {
    this.#telling ??= setTimeout(() => this.#tell(), gatherMs)
  }

  #tell(): void {
    clearTimeout(this.#telling)
    this.#telling = undefined
    const lab = this.#lab
    if (!lab) return
    let apiUrl: string | null = null
    for (const host of lab.hosts()) {
      if (host.role === 'inference' && host.state.kind === 'healthy') {
        apiUrl = lab.samples().get(host.hostId)?.apiUrl ?? null
      }
    }
    const { name, shape } = lab
    this.#set({
      kind: 'running',
      name,
      ...shape,
      hosts: [...lab.hosts()],
      failures: { satellites: [...this.#failures.satellites], links: [...this.#failures.links] },
      apiUrl,
    })
  }

  #set(state: LabState): void {
    this.#state = state
    this.#options.onState(state)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

/** True when this lab is the one that is wanted. */
export function isSame({ name, shape }: LabHosts, wanted: WantedLab): boolean {
  return name === wanted.name && shape.slots === wanted.slots && shape.planes === wanted.planes
}
