import type { Failures } from '../../contract/agent-control'
import type { ParameterValues } from '../../experiment/parameters'
import type { EventRecord, FinishedRecord, RequestRecord, SatelliteCounters } from '../../experiment/records'
import { blockShape } from '../../kvc/block-shape'
import { TrialNetwork } from '../../network/trial-network'
import { BlockCut } from './block-cut'
import { Call, EventQueue } from './event-queue'
import { ExpressLinks } from './express-links'
import { FlightWindow } from './flight-window'
import { GroundServers } from './ground-servers'
import { Migrations } from './migration'
import { ModelHost } from './model-host'
import { OrbitView } from './orbit-view'
import type { Links } from './packet'
import { runProcess, waitFor, type Process } from './process'
import { answerRequest, type RequestFlow, type SimulatedCache } from './request-flow'
import { Rotations } from './rotations'
import { SatelliteCounts } from './satellite-counts'
import { SatelliteMemories } from './satellite-memories'
import { Satellites } from './satellites'
import type { RequestDesk, SimulatedRequest, Workload } from './workload'

export interface SystemSimulationOptions {
  readonly parameters: ParameterValues
  readonly workload: Workload
  /** Unix ms at which the simulated time begins: records carry it. */
  readonly startedAtMs: number
  readonly onRecord: (record: RequestRecord | EventRecord | FinishedRecord) => void
}

const noFailures: Failures = { satellites: [], links: [] }

/**
 * A discrete-event simulation of one trial: the same placements, stores, packets and records as the agents of a lab, on a
 * clock of its own. It does nothing by itself: `step` lets it go on.
 */
export class SystemSimulation {
  readonly #options: SystemSimulationOptions
  readonly #queue = new EventQueue()
  readonly #cache: (SimulatedCache & { readonly links: Links }) | null
  readonly #flow: RequestFlow
  readonly #rotations: Rotations | null
  #requestsDone = 0
  #over = false

  constructor(options: SystemSimulationOptions) {
    this.#options = options
    const { parameters, startedAtMs } = options
    const queue = this.#queue
    this.#cache = parameters.cache === 'off' ? null : openCache(queue, parameters)
    const model = new ModelHost(
      queue,
      {
        prefillTokensPerS: parameters.prefill_tokens_per_s,
        prefillQuadraticS: parameters.prefill_quadratic_s,
        decodeTokensPerS: parameters.decode_tokens_per_s,
      },
      0,
    )
    this.#flow = { model, cache: this.#cache, nowMs: () => queue.nowMs, startedAtMs }
    this.#rotations =
      this.#cache === null
        ? null
        : new Rotations({
            ground: this.#cache.ground,
            periodMs: parameters.rotation_period_s * 1000,
            everyRequests: parameters.rotation_requests,
            until: (timeMs) => this.#until(timeMs),
            note: (name, message) => this.#note(name, message),
          })
    queue.soon(new Call(() => runProcess(this.#run())))
  }

  get requestsTotal(): number {
    return this.#options.workload.requestsTotal
  }

  get requestsDone(): number {
    return this.#requestsDone
  }

  get epoch(): number {
    return this.#cache?.ground.epoch ?? 0
  }

  /** Simulated time since the start, ms. */
  get nowMs(): number {
    return this.#queue.nowMs
  }

  /** Events that have happened so far. */
  get events(): number {
    return this.#queue.happened
  }

  get isOver(): boolean {
    return this.#over
  }

  /** Let at most so many events happen. False when the trial is over. */
  step(events: number): boolean {
    for (let i = 0; i < events && !this.#over; i++) {
      if (!this.#queue.step()) throw new Error('the simulation stands still before its trial is over')
    }
    return !this.#over
  }

  /** The counters of all satellites as they are now; empty without a cache. */
  satellites(): SatelliteCounters[] {
    if (this.#cache === null) return []
    this.#cache.links.settle()
    const { counts, memories } = this.#cache.ground.satellites
    return counts.snapshot(memories)
  }

  *#run(): Process<void> {
    const { workload, onRecord, startedAtMs } = this.#options
    this.#note('trial_started', `${workload.requestsTotal} requests`)
    if (this.#rotations !== null) runProcess(this.#rotations.run())
    const queue = this.#queue
    const desk: RequestDesk = {
      answer: (request) => this.#answer(request),
      until: (timeMs) => this.#until(timeMs),
      nowMs: () => queue.nowMs,
    }
    yield* workload.run(desk)
    if (this.#rotations !== null) yield* this.#rotations.end()
    const { nowMs } = queue
    onRecord({
      kind: 'finished',
      at: startedAtMs + nowMs,
      durationS: nowMs / 1000,
      outcome: 'completed',
      error: null,
    })
    this.#over = true
  }

  *#answer(request: SimulatedRequest): Process<void> {
    if (this.#rotations !== null) yield* this.#rotations.beforeRequest()
    const record = yield* answerRequest(this.#flow, request)
    this.#requestsDone += 1
    this.#rotations?.requestAnswered()
    this.#options.onRecord(record)
  }

  *#until(timeMs: number): Process<void> {
    if (timeMs <= this.#queue.nowMs) return
    yield* waitFor<null>((resume) => this.#queue.at(timeMs, new Call(() => resume(null))))
  }

  #note(name: EventRecord['name'], message: string): void {
    const at = this.#options.startedAtMs + this.#queue.nowMs
    this.#options.onRecord({ kind: 'event', at, name, message, epoch: this.epoch })
  }
}

/** Empty satellites, the links between them, and the host's view of them. */
function openCache(
  queue: EventQueue,
  parameters: ParameterValues,
): SimulatedCache & { readonly links: Links } {
  const { byteLength, chunkBytes } = blockShape(parameters)
  const network = new TrialNetwork(parameters, noFailures, [])
  const orbit = new OrbitView(network, parameters)
  const counts = new SatelliteCounts(network.torus)
  const cut = new BlockCut(byteLength, chunkBytes, parameters.servers)
  const { slots, planes } = network.torus
  const memories = new SatelliteMemories(slots * planes, parameters.satellite_bytes, cut)
  const timed = parameters.link_delay !== 'off'
  const links = new ExpressLinks(queue, network, orbit, counts, timed)
  const { eviction } = parameters
  const satellites = new Satellites({ queue, links, orbit, memories, counts, eviction })
  const ground = new GroundServers(satellites, new Migrations(satellites, cut), network.modelOnBoard)
  const window = new FlightWindow(parameters.bytes_in_flight)
  return { ground, cut, window, lookup: parameters.lookup, timed, links }
}
