import type { ParameterValues } from '../../experiment/parameters'
import type { EventRecord, FinishedRecord, RequestRecord, SatelliteCounters } from '../../experiment/records'
import type { CounterSample } from '../../experiment/timeline'
import { openCache, type CacheSystem } from './cache-system'
import { Call, EventQueue } from './event-queue'
import { FailedParts, FailureSchedule, type FailureChange } from './failure-schedule'
import { ModelHost } from './model-host'
import { runProcess, waitFor, type Process } from './process'
import { answerRequest, type RequestFlow } from './request-flow'
import { Rotations } from './rotations'
import type { RequestDesk, SimulatedRequest, Workload } from './workload'

export interface SystemSimulationOptions {
  readonly parameters: ParameterValues
  /** Of failures; a workload has been made with it already. */
  readonly seed: number
  readonly workload: Workload
  /** Content of `tle_file`, for orbits tle. */
  readonly tleText?: string
  /** Record the ways of each request's first block. */
  readonly recordRoutes?: boolean
  /** Unix ms at which the simulated time begins: records carry it. */
  readonly startedAtMs: number
  readonly onRecord: (record: RequestRecord | EventRecord | FinishedRecord) => void
  /** Totals of all satellites, once a simulated second. */
  readonly onSample?: (sample: CounterSample) => void
}

/** Simulated time between two samples of the counters, ms: as a lab takes them. */
const samplePeriodMs = 1_000

/**
 * A discrete-event simulation of one trial: the same placements, stores, packets and records as the agents of a lab, on a
 * clock of its own. It does nothing by itself: `step` lets it go on.
 */
export class SystemSimulation {
  readonly #options: SystemSimulationOptions
  readonly #queue = new EventQueue()
  readonly #cache: CacheSystem | null
  readonly #flow: RequestFlow
  readonly #rotations: Rotations | null
  #requestsDone = 0
  #over = false

  constructor(options: SystemSimulationOptions) {
    this.#options = options
    const { parameters, startedAtMs } = options
    const queue = this.#queue
    this.#cache =
      parameters.cache === 'off'
        ? null
        : openCache(queue, parameters, {
            recordRoutes: options.recordRoutes ?? false,
            tleText: options.tleText ?? '',
          })
    const model = new ModelHost(
      queue,
      {
        prefillTokensPerS: parameters.prefill_tokens_per_s,
        prefillQuadraticS: parameters.prefill_quadratic_s,
        decodeTokensPerS: parameters.decode_tokens_per_s,
      },
      parameters.batch_limit,
    )
    this.#flow = { model, cache: this.#cache, nowMs: () => queue.nowMs, startedAtMs }
    this.#rotations =
      this.#cache === null
        ? null
        : new Rotations({
            ground: this.#cache.ground,
            sky: this.#cache.sky,
            nowMs: () => queue.nowMs,
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
    if (this.#cache !== null) {
      runProcess(this.#fail(this.#cache))
      if (this.#options.onSample !== undefined) runProcess(this.#sample(this.#cache, this.#options.onSample))
    }
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

  /** Parts fail and are repaired as the schedule says. */
  *#fail(cache: CacheSystem): Process<void> {
    const { parameters, seed } = this.#options
    if (FailureSchedule.isEmpty(parameters)) return
    const { network, links } = cache
    const schedule = new FailureSchedule(network.torus, parameters, seed)
    const failed = new FailedParts(network.torus)
    for (let change = schedule.next(); change !== null; change = schedule.next()) {
      yield* this.#until(change.atMs)
      failed.apply(change)
      network.setFailures(failed.failures)
      links.changed()
      this.#noteFailure(change)
    }
  }

  #noteFailure({ part, failed }: FailureChange): void {
    const how = failed ? 'failed' : 'restored'
    const { slot, plane } = part.kind === 'satellite' ? part.satellite : part.link
    const where = `slot ${slot}, plane ${plane}`
    if (part.kind === 'satellite') return this.#note(`satellite_${how}`, `satellite at ${where} ${how}`)
    this.#note(`link_${how}`, `link from ${where} to the next ${part.link.direction} ${how}`)
  }

  *#sample({ ground }: CacheSystem, onSample: (sample: CounterSample) => void): Process<void> {
    const { memories, counts } = ground.satellites
    for (let atMs = samplePeriodMs; ; atMs += samplePeriodMs) {
      yield* this.#until(atMs)
      onSample({
        at: this.#options.startedAtMs + atMs,
        storedBytes: memories.totalBytes,
        evictedChunks: counts.totalEvictions,
        migratedChunks: counts.totalMigratedIn,
      })
    }
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
