import type {
  ExperimentCheck,
  MachineReading,
  PlannedTrial,
  RunDetail,
  RunEvent,
  RunState,
  RunSummary,
  RunTrial,
  StoredRequest,
  TimelinePoint,
} from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { planTrials } from '#shared/experiment/grid'
import { seriesOf } from '#shared/experiment/meaning'
import { summariseTrial } from '#shared/experiment/metrics'
import { parseExperiment } from '#shared/experiment/parse'
import type { EventRecord, RequestRecord } from '#shared/experiment/records'
import { binTimeline, type CounterSample } from '#shared/experiment/timeline'
import { histogramMean } from '#shared/stats/quantile'
import type { Emit } from './demo-client'
import type { DemoLab, ShownTrial } from './demo-lab'
import { demoReadings } from './demo-machines'
import { DemoTrial } from './demo-trial'

interface TrialRecord {
  trial: RunTrial
  requests: RequestRecord[]
  events: EventRecord[]
  samples: CounterSample[]
  readings: MachineReading[]
  startedAt: number
}

interface RunRecord {
  summary: RunSummary
  readonly yaml: string
  readonly trials: TrialRecord[]
}

interface ActiveTrial {
  readonly run: RunRecord
  readonly record: TrialRecord
  readonly demo: DemoTrial
  epoch: number
  nextAt: number
}

const snapshotEveryMs = 1_000

function plannedRequests({ parameters }: PlannedTrial): number {
  return parameters.sessions * parameters.turns
}

export function checkExperiment(yaml: string, lab?: string): ExperimentCheck {
  const parsed = parseExperiment(yaml, lab)
  if (!parsed.ok) return parsed
  const trials = planTrials(parsed.experiment)
  const estimateS = trials.reduce((sum, trial) => sum + plannedRequests(trial) * 0.31, 0)
  return { ok: true, name: parsed.experiment.name, trials, estimateS }
}

/** Runs of the made-up lab: one at a time, trial by trial. */
export class DemoRuns {
  #runs: RunRecord[] = []
  #active: ActiveTrial | null = null
  #lastSnapshot = 0
  #nextNumber = 1
  readonly #now: () => number
  readonly #emit: Emit
  readonly #lab: DemoLab

  constructor(now: () => number, emit: Emit, lab: DemoLab) {
    this.#now = now
    this.#emit = emit
    this.#lab = lab
  }

  get shown(): ShownTrial | null {
    const active = this.#active
    return active && { demo: active.demo, epoch: active.epoch, parameters: active.record.trial.parameters }
  }

  list(): RunSummary[] {
    return this.#runs.map((run) => run.summary)
  }

  detail(runId: string): RunDetail {
    const run = this.#run(runId)
    return { ...run.summary, yaml: run.yaml, trials: run.trials.map((one) => one.trial) }
  }

  start(yaml: string, lab = 'local'): string {
    const check = checkExperiment(yaml, lab)
    if (!check.ok) throw new SkyError('invalid_experiment', 'The experiment has problems.')
    if (this.#lab.state.kind !== 'running') {
      throw new SkyError('lab_not_running', 'The lab is not running.', 'Start the lab first.')
    }
    if (this.#active) throw new SkyError('conflict', 'Another run is active.', 'Wait for it, or cancel it.')
    const runId = `20260105-1200-${check.name.toLowerCase().replaceAll(/\W+/g, '-')}-${this.#nextNumber++}`
    const run: RunRecord = {
      yaml,
      trials: check.trials.map((trial) => ({
        trial: { ...trial, state: { kind: 'waiting' }, attempt: 0, summary: null },
        requests: [],
        events: [],
        samples: [],
        readings: [],
        startedAt: 0,
      })),
      summary: {
        runId,
        name: check.name,
        lab,
        createdAt: this.#now(),
        state: { kind: 'queued' },
        trialsTotal: check.trials.length,
        trialsDone: 0,
        requestsDone: 0,
        progress: 0,
        remainingS: null,
      },
    }
    this.#runs.push(run)
    this.#begin(run, run.trials[0]!)
    return runId
  }

  pause(runId: string): void {
    const run = this.#run(runId)
    const { state } = run.summary
    if (state.kind === 'running') this.#change(run, { kind: 'paused', trialId: state.trialId, reason: null })
  }

  resume(runId: string): void {
    const run = this.#run(runId)
    const { state } = run.summary
    if (state.kind === 'paused') this.#change(run, { kind: 'running', trialId: state.trialId })
  }

  cancel(runId: string): void {
    const run = this.#run(runId)
    for (const one of run.trials) {
      if (one.trial.state.kind !== 'completed') one.trial = { ...one.trial, state: { kind: 'cancelled' } }
    }
    this.#active = null
    this.#change(run, { kind: 'cancelled', at: this.#now() })
  }

  repeat(runId: string, trialId: string): void {
    this.#begin(this.#run(runId), this.#trial(runId, trialId))
  }

  remove(runId: string): void {
    this.#runs = this.#runs.filter((run) => run.summary.runId !== runId)
    this.#emit('runDeleted', { runId })
  }

  abandon(): void {
    this.#active = null
  }

  requests(runId: string, trialId: string | null, offset: number, limit: number) {
    const trials = this.#run(runId).trials.filter((one) => trialId === null || one.trial.trialId === trialId)
    const rows = trials.flatMap((one) =>
      one.requests.map(({ kind: _kind, routes: _routes, ...rest }, i): StoredRequest => ({
        ...rest,
        trialId: one.trial.trialId,
        seq: i + 1,
      })),
    )
    return { total: rows.length, rows: rows.slice(offset, offset + limit) }
  }

  request(runId: string, trialId: string, requestId: number): RequestRecord {
    const found = this.#trial(runId, trialId).requests.find((one) => one.requestId === requestId)
    if (!found) throw new SkyError('not_found', `Trial ${trialId} has no request ${requestId}.`)
    return found
  }

  timeline(runId: string): { points: TimelinePoint[]; events: RunEvent[] } {
    const trials = this.#run(runId).trials.filter((one) => one.startedAt > 0)
    return {
      points: trials.flatMap((one) => binTimeline({ ...one, trialId: one.trial.trialId })),
      events: trials.flatMap((one) =>
        one.events.map(({ at, name, message }) => ({ trialId: one.trial.trialId, at, name, message })),
      ),
    }
  }

  event(name: RunEvent['name'], message: string): void {
    const active = this.#active
    if (!active) return
    const at = this.#now()
    active.record.events.push({ kind: 'event', at, name, message, epoch: active.epoch })
    const { trialId } = active.record.trial
    this.#emit('runEvent', { runId: active.run.summary.runId, trialId, at, name, message })
  }

  /** What happened up to now. */
  step(): void {
    const active = this.#active
    if (active?.run.summary.state.kind !== 'running') return
    const { record, demo } = active
    const p = record.trial.parameters
    const elapsedS = (this.#now() - record.startedAt) / 1000
    const epoch = p.rotation_period_s > 0 ? Math.floor(elapsedS / p.rotation_period_s) : 0
    if (epoch > active.epoch) {
      active.epoch = epoch
      this.event('rotation_started', `epoch ${epoch}`)
    }
    const ended: RequestRecord[] = []
    while (this.#now() >= active.nextAt && record.requests.length < demo.requestsTotal) {
      const request = demo.request(active.nextAt, active.epoch)
      active.nextAt += (request.e2eMs ?? 400) / p.concurrency
      record.requests.push(request)
      this.#lab.count(demo.servers(active.epoch), request)
      ended.push(request)
    }
    if (ended.length > 0) {
      this.#emitLive(active, ended)
      this.#change(active.run)
    }
    if (this.#now() - this.#lastSnapshot >= snapshotEveryMs) this.#sample(active)
    if (record.requests.length >= demo.requestsTotal) this.#finish(active)
  }

  #sample({ run, record }: ActiveTrial): void {
    this.#lastSnapshot = this.#now()
    this.#emit('constellationChanged', this.#lab.snapshot(this.shown)!)
    const storedBytes = this.#lab.satellites().reduce((sum, one) => sum + one.bytes, 0)
    record.samples.push({
      at: this.#now(),
      storedBytes,
      evictedChunks: 0,
      migratedChunks: (this.shown?.epoch ?? 0) * 40,
    })
    if (run.summary.lab === 'simulated') return
    const readings = demoReadings(this.#now())
    record.readings.push(...readings)
    this.#emit('machinesRead', { runId: run.summary.runId, trialId: record.trial.trialId, readings })
  }

  #emitLive({ run, record }: ActiveTrial, ended: readonly RequestRecord[]): void {
    const p = record.trial.parameters
    const column = <T>(read: (request: RequestRecord) => T): T[] => ended.map(read)
    this.#emit('live', {
      runId: run.summary.runId,
      trialId: record.trial.trialId,
      lab: run.summary.lab,
      linkDelay: p.link_delay,
      series: seriesOf(p),
      strategy: p.cache === 'off' ? 'off' : p.strategy,
      requestId: column((request) => request.requestId),
      at: column((request) => request.startedAt + (request.e2eMs ?? 0)),
      ttftMs: column((request) => request.ttftMs),
      tpotMs: column((request) => request.tpotMs),
      hopsMean: column((request) => histogramMean(request.hopsHistogram)),
      propagationMs: column((request) => request.propagationMs),
      blocks: column((request) => request.blocks),
      blocksHit: column((request) => request.blocksHit),
      promptTokens: column((request) => request.promptTokens),
      cachedTokens: column((request) => request.cachedTokens),
      outputTokens: column((request) => request.outputTokens),
      bytesRead: column((request) => request.bytesRead),
      dropped: 0,
    })
  }

  #begin(run: RunRecord, record: TrialRecord): void {
    const demo = new DemoTrial(record.trial)
    Object.assign(record, { requests: [], events: [], samples: [], readings: [], startedAt: this.#now() })
    record.trial = {
      ...record.trial,
      attempt: record.trial.attempt + 1,
      state: { kind: 'running', startedAt: this.#now(), requestsDone: 0, requestsTotal: demo.requestsTotal },
      summary: null,
    }
    this.#lab.emptySatellites()
    this.#active = { run, record, demo, epoch: 0, nextAt: this.#now() + 300 }
    this.event('trial_started', seriesOf(record.trial.parameters))
    this.#change(run, { kind: 'running', trialId: record.trial.trialId })
  }

  #finish({ run, record }: ActiveTrial): void {
    const durationS = (this.#now() - record.startedAt) / 1000
    const satellites = record.trial.parameters.cache === 'off' ? null : this.#lab.satellites()
    record.trial = {
      ...record.trial,
      state: { kind: 'completed', startedAt: record.startedAt, durationS },
      summary: summariseTrial(record.requests, satellites, { durationS }),
    }
    const next = run.trials.find((one) => one.trial.state.kind === 'waiting')
    if (next) return this.#begin(run, next)
    this.#active = null
    this.#change(run, { kind: 'finished', at: this.#now(), failedTrials: 0 })
  }

  #change(run: RunRecord, state: RunState = run.summary.state): void {
    const done = run.trials.filter((one) => one.trial.state.kind === 'completed').length
    const requests = run.trials.reduce((sum, one) => sum + one.requests.length, 0)
    const total = run.trials.reduce((sum, one) => sum + plannedRequests(one.trial), 0)
    const elapsedS = (this.#now() - run.summary.createdAt) / 1000
    run.summary = {
      ...run.summary,
      state,
      trialsDone: done,
      requestsDone: requests,
      progress: requests / total,
      remainingS: requests === 0 ? null : (elapsedS / requests) * (total - requests),
    }
    this.#emit('runChanged', run.summary)
  }

  #run(runId: string): RunRecord {
    const run = this.#runs.find((one) => one.summary.runId === runId)
    if (!run) throw new SkyError('not_found', `There is no run ${runId}.`)
    return run
  }

  #trial(runId: string, trialId: string): TrialRecord {
    const found = this.#run(runId).trials.find((one) => one.trial.trialId === trialId)
    if (!found) throw new SkyError('not_found', `Run ${runId} has no trial ${trialId}.`)
    return found
  }
}
