import type { z } from 'zod'
import { seriesOf } from '#shared/experiment/meaning'
import {
  consoleApi,
  type ConsoleApi,
  type ConstellationSnapshot,
  type ExperimentCheck,
  type LabHost,
  type LabState,
  type LogLine,
  type PlannedTrial,
  type RunDetail,
  type RunEvent,
  type RunState,
  type RunSummary,
  type RunTrial,
} from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Client, EventPayload, Handlers } from '#shared/contract/rpc'
import { geometry } from '#shared/constellation/geometry'
import { wrap } from '#shared/constellation/torus'
import { planTrials } from '#shared/experiment/grid'
import { summariseTrial } from '#shared/experiment/metrics'
import { defaultParameters } from '#shared/experiment/parameters'
import { parseExperiment } from '#shared/experiment/parse'
import { presets } from '#shared/experiment/presets'
import type { EventRecord, RequestRecord, SatelliteCounters } from '#shared/experiment/records'
import { binTimeline, type CounterSample } from '#shared/experiment/timeline'
import { histogramMean } from '#shared/stats/quantile'
import { DemoTrial } from './demo-trial'

type Failures = Extract<LabState, { kind: 'running' }>['failures']

interface TrialRecord {
  trial: RunTrial
  requests: RequestRecord[]
  events: EventRecord[]
  samples: CounterSample[]
  startedAt: number
}

interface RunRecord {
  summary: RunSummary
  yaml: string
  trials: TrialRecord[]
}

function plannedRequests({ parameters }: PlannedTrial): number {
  return parameters.sessions * parameters.turns
}

const emptyCounters = (slot: number, plane: number): SatelliteCounters => ({
  slot,
  plane,
  chunks: 0,
  bytes: 0,
  gets: 0,
  sets: 0,
  misses: 0,
  evictions: 0,
  forwarded: 0,
  migratedIn: 0,
  migratedOut: 0,
  migratedBytes: 0,
  purgedBlocks: 0,
  dropped: 0,
})

/**
 * A lab engine of made-up data for development and for tests of the window: it answers the whole contract, checked by its
 * schemas, and moves only when `advance` is called. It is no part of the product: nothing that ships imports it.
 */
export class DemoEngine {
  #now: number
  #lab: LabState = { kind: 'stopped' }
  #runs: RunRecord[] = []
  #satellites = new Map<string, SatelliteCounters>()
  #failures: Failures = { satellites: [], links: [] }
  #apiUrl: string | null = null
  #log: LogLine[] = []
  #active: {
    run: RunRecord
    index: number
    demo: DemoTrial
    epoch: number
    nextAt: number
    sampleAt: number
  } | null = null
  #lastSnapshot = 0
  #nextRun = 1
  readonly #listeners = new Map<string, Set<(payload: unknown) => void>>()
  readonly #handlers: Handlers<ConsoleApi>

  constructor(startAt: number) {
    this.#now = startAt
    this.#handlers = this.#makeHandlers()
  }

  readonly client: Client<ConsoleApi> = {
    call: async (method, params) => {
      const spec = consoleApi.methods[method]
      const parsed = spec.params.parse(params)
      const handler = this.#handlers[method] as (params: unknown) => unknown
      const value = await handler(parsed)
      return (spec.result as z.ZodType).parse(value ?? null) as never
    },
    on: (event, listener) => {
      const set = this.#listeners.get(event) ?? new Set()
      this.#listeners.set(event, set)
      set.add(listener as (payload: unknown) => void)
      return () => void set.delete(listener as (payload: unknown) => void)
    },
  }

  #emit<E extends keyof ConsoleApi['events'] & string>(event: E, payload: EventPayload<ConsoleApi, E>): void {
    const checked = consoleApi.events[event].parse(payload)
    for (const listener of this.#listeners.get(event) ?? []) listener(checked)
  }

  say(source: string, level: LogLine['level'], text: string): void {
    const line = { at: this.#now, source, level, text }
    this.#log.push(line)
    this.#emit('log', [line])
  }

  crash(hostId: string): void {
    this.#changeHost(hostId, {
      kind: 'crashed',
      at: this.#now,
      exitCode: null,
      signal: 'SIGKILL',
      lastLines: [
        '{"level":"info","text":"listening on 127.0.0.1:41993"}',
        '{"level":"warn","text":"peer nuc3: slow answers, 412 ms"}',
      ],
    })
    this.say(hostId, 'error', `${hostId} ended by SIGKILL`)
    this.#event('host_lost', `${hostId} ended by signal SIGKILL`)
  }

  /** Let time pass. */
  advance(ms: number): void {
    const until = this.#now + ms
    while (this.#now < until) {
      this.#now = Math.min(until, this.#now + 50)
      this.#step()
    }
  }

  #changeHost(hostId: string, state: LabHost['state']): void {
    if (this.#lab.kind !== 'running') return
    const hosts = this.#lab.hosts.map((host) => (host.hostId === hostId ? { ...host, state } : host))
    this.#setLab({ ...this.#lab, hosts })
  }

  #setLab(lab: LabState): void {
    this.#lab = lab
    this.#emit('labChanged', lab)
  }

  #host(hostId: string, plane: number | null, planes: number): LabHost {
    const pid = 48_100 + (plane ?? planes)
    return {
      hostId,
      role: plane === null ? 'inference' : 'satellite',
      planes: plane === null ? [] : [plane],
      address: '127.0.0.1',
      hardware: {
        cpu: 'Intel Core i7-1260P',
        cores: 12,
        memoryBytes: 33_285_996_544,
        kernel: 'Linux 6.8.0',
        architecture: 'x64',
        hostname: 'bench',
      },
      state: {
        kind: 'healthy',
        pid,
        version: '0.1.0',
        nodeVersion: '20.20.0',
        startedAt: this.#now,
        rssBytes: 61_000_000 + (plane ?? 9) * 1_730_000,
        cpuLoad: this.#active ? 0.08 + ((plane ?? 7) % 3) * 0.07 : 0.004,
        peersConnected: plane === null ? planes : planes - 1,
        peersExpected: plane === null ? planes : planes - 1,
      },
    }
  }

  #startLab(slots: number, planes: number): LabState {
    const hosts = [
      ...Array.from({ length: planes }, (_, plane) => this.#host(`nuc${plane + 1}`, plane, planes)),
      this.#host('jetson', null, planes),
    ]
    this.#failures = { satellites: [], links: [] }
    this.#setLab({
      kind: 'running',
      name: 'local',
      slots,
      planes,
      hosts,
      failures: this.#failures,
      apiUrl: null,
    })
    this.#resetSatellites()
    for (const host of hosts)
      this.say(host.hostId, 'info', `ready, pid ${host.state.kind === 'healthy' ? host.state.pid : 0}`)
    this.#emit('constellationChanged', this.#snapshot()!)
    return this.#lab
  }

  #resetSatellites(): void {
    this.#satellites.clear()
    if (this.#lab.kind !== 'running') return
    for (let plane = 0; plane < this.#lab.planes; plane++) {
      for (let slot = 0; slot < this.#lab.slots; slot++)
        this.#satellites.set(`${slot},${plane}`, emptyCounters(slot, plane))
    }
  }

  #snapshot(): ConstellationSnapshot | null {
    const lab = this.#lab
    if (lab.kind !== 'running') return null
    const active = this.#active
    const p = active?.run.trials[active.index]?.trial.parameters ?? defaultParameters
    const centre = active?.demo.centre(active.epoch) ?? {
      slot: p.centre_slot % lab.slots,
      plane: p.centre_plane % lab.planes,
    }
    const onBoard = active !== null && p.cache === 'skymemory' && p.strategy === 'hop'
    const window: { slot: number; plane: number }[] = []
    for (let dp = -1; dp <= 1 && !onBoard; dp++) {
      for (let ds = -1; ds <= 1; ds++) {
        window.push({ slot: wrap(centre.slot + ds, lab.slots), plane: wrap(centre.plane + dp, lab.planes) })
      }
    }
    return {
      at: this.#now,
      slots: lab.slots,
      planes: lab.planes,
      epoch: active?.epoch ?? 0,
      centre,
      window,
      servers: active?.demo.servers(active.epoch) ?? [],
      satelliteBytes: p.satellite_bytes,
      satellites: [...this.#satellites.values()].map((one) => ({
        ...one,
        hostId: `nuc${one.plane + 1}`,
        failed: this.#failures.satellites.some(
          (failed) => failed.slot === one.slot && failed.plane === one.plane,
        ),
      })),
    }
  }

  #event(name: RunEvent['name'], message: string): void {
    const active = this.#active
    if (!active) return
    const record = active.run.trials[active.index]!
    record.events.push({ kind: 'event', at: this.#now, name, message, epoch: active.epoch })
    this.#emit('runEvent', {
      runId: active.run.summary.runId,
      trialId: record.trial.trialId,
      at: this.#now,
      name,
      message,
    })
  }

  #changeRun(run: RunRecord, state?: RunState): void {
    const done = run.trials.filter((one) => one.trial.state.kind === 'completed').length
    const requests = run.trials.reduce((sum, one) => sum + one.requests.length, 0)
    const total = run.trials.reduce((sum, one) => sum + plannedRequests(one.trial), 0)
    const elapsed = (this.#now - run.summary.createdAt) / 1000
    run.summary = {
      ...run.summary,
      ...(state ? { state } : {}),
      trialsDone: done,
      requestsDone: requests,
      progress: requests / total,
      remainingS: requests === 0 ? null : (elapsed / requests) * (total - requests),
    }
    this.#emit('runChanged', run.summary)
  }

  #beginTrial(run: RunRecord, index: number): void {
    const record = run.trials[index]!
    const demo = new DemoTrial(record.trial)
    Object.assign(record, { requests: [], events: [], samples: [], startedAt: this.#now })
    record.trial = {
      ...record.trial,
      attempt: record.trial.attempt + 1,
      state: { kind: 'running', startedAt: this.#now, requestsDone: 0, requestsTotal: demo.requestsTotal },
      summary: null,
    }
    this.#resetSatellites()
    this.#active = { run, index, demo, epoch: 0, nextAt: this.#now + 300, sampleAt: this.#now }
    this.#event('trial_started', seriesOf(record.trial.parameters))
    this.#changeRun(run, { kind: 'running', trialId: record.trial.trialId })
  }

  #step(): void {
    const active = this.#active
    if (!active || active.run.summary.state.kind !== 'running') return
    const record = active.run.trials[active.index]!
    const p = record.trial.parameters
    const epoch =
      p.rotation_period_s > 0 ? Math.floor((this.#now - record.startedAt) / 1000 / p.rotation_period_s) : 0
    if (epoch > active.epoch) {
      active.epoch = epoch
      this.#event('rotation_started', `epoch ${epoch}`)
    }
    const ended: RequestRecord[] = []
    while (this.#now >= active.nextAt && record.requests.length < active.demo.requestsTotal) {
      const request = active.demo.request(active.nextAt, active.epoch)
      active.nextAt += (request.e2eMs ?? 400) / p.concurrency
      record.requests.push(request)
      this.#count(active.demo.servers(active.epoch), request)
      ended.push(request)
    }
    if (ended.length > 0) {
      const column = <T>(read: (request: RequestRecord) => T): T[] => ended.map(read)
      this.#emit('live', {
        runId: active.run.summary.runId,
        trialId: record.trial.trialId,
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
      this.#changeRun(active.run)
    }
    if (this.#now - this.#lastSnapshot >= 1000) {
      this.#lastSnapshot = this.#now
      this.#emit('constellationChanged', this.#snapshot()!)
      const all = [...this.#satellites.values()]
      record.samples.push({
        at: this.#now,
        storedBytes: all.reduce((sum, one) => sum + one.bytes, 0),
        evictedChunks: 0,
        migratedChunks: active.epoch * 40,
      })
    }
    if (record.requests.length >= active.demo.requestsTotal) this.#finishTrial()
  }

  #finishTrial(): void {
    const { run, index } = this.#active!
    const record = run.trials[index]!
    const durationS = (this.#now - record.startedAt) / 1000
    const satellites = record.trial.parameters.cache === 'off' ? null : [...this.#satellites.values()]
    record.trial = {
      ...record.trial,
      state: { kind: 'completed', startedAt: record.startedAt, durationS },
      summary: summariseTrial(record.requests, satellites, { durationS }),
    }
    const next = run.trials.findIndex((one) => one.trial.state.kind === 'waiting')
    if (next >= 0) return this.#beginTrial(run, next)
    this.#active = null
    this.#changeRun(run, { kind: 'finished', at: this.#now, failedTrials: 0 })
  }

  #count(servers: readonly { slot: number; plane: number }[], request: RequestRecord): void {
    const chunks = Math.ceil(request.bytesWritten / 12_288)
    servers.forEach((server, k) => {
      const one = this.#satellites.get(`${server.slot},${server.plane}`)
      if (!one) return
      const own = Math.floor(chunks / servers.length) + (k < chunks % servers.length ? 1 : 0)
      one.chunks += own
      one.sets += own
      one.bytes += own * 12_288
      one.gets += Math.floor(request.chunksFetched / servers.length)
    })
    for (const route of request.routes) {
      for (const step of route.steps.slice(0, -1)) {
        const one = this.#satellites.get(`${step.slot},${step.plane}`)
        if (one) one.forwarded += Math.ceil(request.chunksFetched / request.routes.length)
      }
    }
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

  #check(yaml: string): ExperimentCheck {
    const parsed = parseExperiment(yaml)
    if (!parsed.ok) return parsed
    const trials = planTrials(parsed.experiment)
    const estimateS = trials.reduce((sum, trial) => sum + plannedRequests(trial) * 0.31, 0)
    return { ok: true, name: parsed.experiment.name, trials, estimateS }
  }

  #startRun(yaml: string): { runId: string } {
    const check = this.#check(yaml)
    if (!check.ok) throw new SkyError('invalid_experiment', 'The experiment has problems.')
    if (this.#lab.kind !== 'running')
      throw new SkyError('lab_not_running', 'The lab is not running.', 'Start the lab first.')
    if (this.#active) throw new SkyError('conflict', 'Another run is active.', 'Wait for it, or cancel it.')
    const runId = `20261122-2140-${check.name.toLowerCase().replaceAll(/\W+/g, '-')}-${this.#nextRun++}`
    const run: RunRecord = {
      yaml,
      trials: check.trials.map((trial) => ({
        trial: { ...trial, state: { kind: 'waiting' }, attempt: 0, summary: null },
        requests: [],
        events: [],
        samples: [],
        startedAt: 0,
      })),
      summary: {
        runId,
        name: check.name,
        lab: 'local',
        createdAt: this.#now,
        state: { kind: 'queued' },
        trialsTotal: check.trials.length,
        trialsDone: 0,
        requestsDone: 0,
        progress: 0,
        remainingS: null,
      },
    }
    this.#runs.push(run)
    this.#beginTrial(run, 0)
    return { runId }
  }

  #makeHandlers(): Handlers<ConsoleApi> {
    const done = null
    return {
      info: () => ({
        version: '0.1.0',
        gitRevision: '35fc332',
        nodeVersion: '20.20.0',
        dataDirectory: '/home/lab/.local/share/skymemory-console',
        resultsDirectory: '/home/lab/skymemory/results',
      }),
      labState: () => this.#lab,
      startLab: ({ slots, planes }) => this.#startLab(slots, planes),
      stopLab: () => {
        this.#active = null
        this.#setLab({ kind: 'stopped' })
        return done
      },
      restartHost: ({ hostId }) => {
        const plane = /^nuc(\d+)$/.exec(hostId)
        const planes = this.#lab.kind === 'running' ? this.#lab.planes : 0
        this.#changeHost(hostId, this.#host(hostId, plane ? Number(plane[1]) - 1 : null, planes).state)
        this.#event('host_returned', `${hostId} is back`)
        return done
      },
      setSatelliteFailed: ({ slot, plane, failed }) => {
        const rest = this.#failures.satellites.filter((one) => one.slot !== slot || one.plane !== plane)
        return this.#setFailures({
          ...this.#failures,
          satellites: failed ? [...rest, { slot, plane }] : rest,
        })
      },
      setLinkFailed: ({ slot, plane, direction, failed }) => {
        const same = (one: Failures['links'][number]): boolean =>
          one.slot === slot && one.plane === plane && one.direction === direction
        const rest = this.#failures.links.filter((one) => !same(one))
        return this.#setFailures({
          ...this.#failures,
          links: failed ? [...rest, { slot, plane, direction }] : rest,
        })
      },
      constellation: () => this.#snapshot(),
      satelliteDetail: ({ slot, plane }) => this.#satelliteDetail(slot, plane),
      delayReport: () => ({ packets: 48_210, demandedMs: 402_114, achievedMs: 411_870, worstMs: 3.1 }),
      serveApi: ({ parameters }) => {
        this.#apiUrl = parameters ? 'http://127.0.0.1:41871/v1' : null
        if (this.#lab.kind === 'running') this.#setLab({ ...this.#lab, apiUrl: this.#apiUrl })
        return { url: this.#apiUrl }
      },
      presets: () => [...presets],
      checkExperiment: ({ yaml }) => this.#check(yaml),
      startRun: ({ yaml }) => this.#startRun(yaml),
      pauseRun: ({ runId }) => {
        const run = this.#run(runId)
        const { state } = run.summary
        this.#changeRun(run, {
          kind: 'paused',
          trialId: state.kind === 'running' ? state.trialId : null,
          reason: null,
        })
        return done
      },
      resumeRun: ({ runId }) => {
        const run = this.#run(runId)
        const { state } = run.summary
        this.#changeRun(run, { kind: 'running', trialId: state.kind === 'paused' ? state.trialId : null })
        return done
      },
      cancelRun: ({ runId }) => {
        const run = this.#run(runId)
        for (const one of run.trials) {
          if (one.trial.state.kind !== 'completed') one.trial = { ...one.trial, state: { kind: 'cancelled' } }
        }
        this.#active = null
        this.#changeRun(run, { kind: 'cancelled', at: this.#now })
        return done
      },
      repeatTrial: ({ runId, trialId }) => {
        const run = this.#run(runId)
        this.#beginTrial(run, run.trials.indexOf(this.#trial(runId, trialId)))
        return done
      },
      runs: () => this.#runs.map((run) => run.summary),
      run: ({ runId }): RunDetail => {
        const run = this.#run(runId)
        return { ...run.summary, yaml: run.yaml, trials: run.trials.map((one) => one.trial) }
      },
      requests: ({ runId, trialId, offset, limit }) => this.#requests(runId, trialId, offset, limit),
      request: ({ runId, trialId, requestId }) => {
        const found = this.#trial(runId, trialId).requests.find((one) => one.requestId === requestId)
        if (!found) throw new SkyError('not_found', `Trial ${trialId} has no request ${requestId}.`)
        return found
      },
      timeline: ({ runId }) => {
        const trials = this.#run(runId).trials.filter((one) => one.startedAt > 0)
        return {
          points: trials.flatMap((one) => binTimeline({ ...one, trialId: one.trial.trialId })),
          events: trials.flatMap((one) =>
            one.events.map(({ at, name, message }) => ({ trialId: one.trial.trialId, at, name, message })),
          ),
        }
      },
      exportRun: ({ runId, directory }) => ({
        directory: `${directory}/${runId}`,
        files: ['trials.csv', 'requests.csv', 'satellites.csv', 'timeline.csv', 'manifest.json'],
      }),
      deleteRun: ({ runId }) => {
        this.#runs = this.#runs.filter((run) => run.summary.runId !== runId)
        this.#emit('runDeleted', { runId })
        return done
      },
      recentLog: () => this.#log,
    }
  }

  #setFailures(failures: Failures): null {
    this.#failures = failures
    if (this.#lab.kind === 'running') this.#setLab({ ...this.#lab, failures })
    const snapshot = this.#snapshot()
    if (snapshot) this.#emit('constellationChanged', snapshot)
    return null
  }

  #requests(runId: string, trialId: string | null, offset: number, limit: number) {
    const trials = this.#run(runId).trials.filter((one) => trialId === null || one.trial.trialId === trialId)
    const rows = trials.flatMap((one) =>
      one.requests.map(({ kind: _kind, routes: _routes, ...rest }, i) => ({
        ...rest,
        trialId: one.trial.trialId,
        seq: i + 1,
      })),
    )
    return { total: rows.length, rows: rows.slice(offset, offset + limit) }
  }

  #satelliteDetail(slot: number, plane: number) {
    const lab = this.#lab
    const counters = this.#satellites.get(`${slot},${plane}`)
    if (lab.kind !== 'running' || !counters) throw new SkyError('lab_not_running', 'The lab is not running.')
    const space = geometry({ slots: lab.slots, planes: lab.planes, altitudeM: 550_000, preset: 'default' })
    const snapshot = this.#snapshot()!
    const server = snapshot.servers.findIndex((one) => one.slot === slot && one.plane === plane)
    const link = (direction: 'slot' | 'plane', step: 1 | -1) => {
      const to = {
        slot: direction === 'slot' ? wrap(slot + step, lab.slots) : slot,
        plane: direction === 'plane' ? wrap(plane + step, lab.planes) : plane,
      }
      const from = step === 1 ? { slot, plane } : to
      return {
        to,
        direction,
        failed: this.#failures.links.some(
          (one) => one.direction === direction && one.slot === from.slot && one.plane === from.plane,
        ),
        distanceM: space.linkM(direction),
        delayMs: space.linkDelayS(direction) * 1000,
      }
    }
    return {
      counters,
      hostId: `nuc${plane + 1}`,
      failed: this.#failures.satellites.some((one) => one.slot === slot && one.plane === plane),
      server: server < 0 ? null : server,
      links: [link('slot', 1), link('slot', -1), link('plane', 1), link('plane', -1)],
      blocks: Array.from({ length: Math.min(40, Math.floor(counters.chunks / 26)) }, (_, i) => ({
        hash: (0x9e3779b1 * (i + 1 + slot * 19 + plane)).toString(16).padEnd(64, '7c41'),
        chunks: 26,
        bytes: 26 * 12_288,
        manifest: server === 0,
      })),
    }
  }
}
