import { beforeEach, describe, expect, it, vi } from 'vitest'
import type {
  ConstellationSnapshot,
  ExperimentCheck,
  LiveBatch,
  MachineReading,
  RunDetail,
  RunSummary,
  StoredRequest,
  TimelinePoint,
} from '#shared/contract/console-api'
import { defaultParameters } from '#shared/experiment/parameters'
import { withEngine } from '../testing/with-stores'
import { useConstellation } from './constellation'
import { useExperiment } from './experiment'
import { useLive } from './live'
import { useRuns } from './runs'

/** What the stores make of answers and events that come late, twice or in another order. */

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => setTimeout(callback, 0))
  vi.stubGlobal('cancelAnimationFrame', (id: ReturnType<typeof setTimeout>) => clearTimeout(id))
  return () => vi.unstubAllGlobals()
})

const summary = (runId: string, createdAt: number): RunSummary => ({
  runId,
  name: runId,
  lab: 'local',
  createdAt,
  state: { kind: 'running', trialId: 't001' },
  trialsTotal: 1,
  trialsDone: 0,
  requestsDone: 0,
  progress: 0,
  remainingS: null,
})

const detail = (runId: string): RunDetail => ({
  ...summary(runId, 1_000),
  yaml: '',
  trials: [
    {
      trialId: 't001',
      repeat: 1,
      seed: 1,
      factors: {},
      parameters: defaultParameters,
      attempt: 1,
      state: { kind: 'running', startedAt: 5_000, requestsDone: 0, requestsTotal: 9_000 },
      summary: null,
    },
  ],
})

const request = (requestId: number): StoredRequest => ({
  trialId: 't001',
  seq: requestId + 1,
  requestId,
  sessionId: 0,
  turn: 0,
  startedAt: 6_000,
  promptTokens: 800,
  outputTokens: 24,
  blocks: 6,
  blocksHit: 0,
  cachedTokens: 0,
  chunksFetched: 0,
  hopsHistogram: [],
  lookupMs: null,
  getMs: null,
  setMs: null,
  restoreMs: null,
  prefillMs: 1,
  ttftMs: 1,
  tpotMs: 1,
  e2eMs: 1,
  propagationMs: null,
  bytesRead: 0,
  bytesWritten: 0,
  status: 'ok',
  errorCode: null,
  harmful: false,
  halfBlocksServed: 0,
  wrongBytesServed: 0,
})

const batch = (runId: string, requestId: number, dropped: number): LiveBatch => ({
  runId,
  trialId: 't001',
  lab: 'local',
  linkDelay: 'off',
  series: 'rotation, 9 servers',
  strategy: 'rotation',
  requestId: [requestId],
  at: [6_001],
  ttftMs: [1],
  tpotMs: [1],
  hopsMean: [null],
  propagationMs: [null],
  blocks: [6],
  blocksHit: [0],
  promptTokens: [800],
  cachedTokens: [0],
  outputTokens: [24],
  bytesRead: [0],
  dropped,
})

const reading = (at: number): MachineReading => ({
  machine: 'nuc1',
  at,
  cpuLoad: 0.5,
  memoryUsedBytes: 1,
  temperatureC: null,
  receivedBytesPerS: null,
  sentBytesPerS: null,
  gpuLoad: null,
  powerW: {},
})

const quietPoint: Omit<TimelinePoint, 'trialId' | 'tS' | 'machines'> = {
  requests: 0,
  blockHitRate: null,
  tokenHitRate: null,
  hopsMean: null,
  ttftMsP50: null,
  ttftMsP95: null,
  tpotMsP50: null,
  outputTokensPerS: null,
  bytesReadPerS: null,
  bytesWrittenPerS: null,
  storedBytes: null,
  evictedChunks: null,
  migratedChunks: null,
  epoch: null,
  event: '',
}

describe('live', () => {
  it('loads all that is stored, page by page, from the start that the host told', async () => {
    const { use } = withEngine({
      run: ({ runId }) => detail(runId),
      timeline: () => ({
        points: [],
        events: [{ trialId: 't001', at: 4_990, name: 'trial_started', message: '' }],
      }),
      requests: ({ offset, limit }) => ({
        total: 4_500,
        rows: Array.from({ length: Math.min(limit, 4_500 - offset) }, (_, i) => request(offset + i)),
      }),
    })
    const live = use(useLive)
    await live.show('r')
    const trial = live.trials.get('t001')
    expect(trial?.ring.written).toBe(4_500)
    expect(trial?.startedAt).toBe(4_990)
  })

  it('joins what was stored of machines and what is read now, and begins again with a repeated trial', async () => {
    const { machine: _machine, at: _at, ...load } = reading(0)
    const point = { ...quietPoint, trialId: 't001', tS: 0, machines: { nuc1: load } }
    const { emit, use } = withEngine({
      run: ({ runId }) => detail(runId),
      timeline: () => ({ points: [point], events: [] }),
      requests: () => ({ total: 0, rows: [] }),
    })
    const live = use(useLive)
    await live.show('r')
    const read = (runId: string, at: number) =>
      emit('machinesRead', { runId, trialId: 't001', readings: [reading(at)] })
    read('r', 5_900)
    read('r', 8_100)
    read('other', 9_500)
    expect(live.machines.points('t001').map(({ x, machine }) => [x, machine])).toEqual([
      [0, 'nuc1'],
      [3, 'nuc1'],
    ])
    emit('runEvent', { runId: 'r', trialId: 't001', at: 20_000, name: 'trial_started', message: '' })
    expect(live.machines.points('t001')).toEqual([])
  })

  it('adds up what was dropped, and takes batches that came while it loaded', async () => {
    const { emit, use } = withEngine({
      run: ({ runId }) => detail(runId),
      timeline: () => ({ points: [], events: [] }),
      requests: () => {
        emit('live', batch('r', 0, 2))
        emit('live', batch('other', 8, 100))
        return { total: 1, rows: [request(0)] }
      },
    })
    const live = use(useLive)
    await live.show('r')
    emit('live', batch('r', 1, 3))
    await vi.waitFor(() => expect(live.trials.get('t001')?.ring.written).toBe(2))
    expect(live.dropped).toBe(5)
  })

  it.each(['run', 'requests'] as const)(
    'shows the run that was asked for last, also when the earlier answer to `%s` comes later',
    async (late) => {
      let release: () => void = () => undefined
      const held = new Promise<void>((resolve) => (release = resolve))
      let asked = false
      const hold = async (method: typeof late, runId: string): Promise<void> => {
        if (method !== late || runId !== 'first') return
        asked = true
        await held
      }
      const { use } = withEngine({
        run: async ({ runId }) => {
          await hold('run', runId)
          return detail(runId)
        },
        timeline: () => ({ points: [], events: [] }),
        requests: async ({ runId }) => {
          await hold('requests', runId)
          return { total: 1, rows: [request(runId === 'first' ? 1 : 2)] }
        },
      })
      const live = use(useLive)
      const first = live.show('first')
      await vi.waitFor(() => expect(asked).toBe(true))
      await live.show('second')
      release()
      await first
      expect([live.runId, live.detail?.runId, live.loading]).toEqual(['second', 'second', false])
      expect(live.trials.get('t001')?.ring.written).toBe(1)
    },
  )
})

it('runs stand newest first, however they come', () => {
  const { emit, use } = withEngine({})
  const runs = use(useRuns)
  for (const [runId, at] of [
    ['b', 2_000],
    ['a', 1_000],
    ['c', 3_000],
  ] as const)
    emit('runChanged', summary(runId, at))
  expect(runs.list.map((run) => run.runId)).toEqual(['c', 'b', 'a'])
})

it('an older snapshot of the constellation does not take the place of a newer one', () => {
  const { emit, use } = withEngine({})
  const constellation = use(useConstellation)
  const snapshot = (at: number): ConstellationSnapshot => ({
    at,
    slots: 1,
    planes: 1,
    epoch: 0,
    centre: { slot: 0, plane: 0 },
    window: [],
    servers: [],
    satelliteBytes: 1,
    satellites: [],
  })
  for (const at of [1_000, 3_000, 2_000, 3_000]) emit('constellationChanged', snapshot(at))
  expect(constellation.snapshot?.at).toBe(3_000)
  expect(constellation.history.map(({ at }) => at)).toEqual([1_000, 3_000])
  expect(constellation.rates).not.toBeNull()
})

it('only the answer about the newest text says whether an experiment is right', async () => {
  const answers: ((check: ExperimentCheck) => void)[] = []
  const { use } = withEngine({ checkExperiment: () => new Promise((resolve) => answers.push(resolve)) })
  const experiment = use(useExperiment)
  const [early, late] = [experiment.checkNow(), experiment.checkNow()]
  await vi.waitFor(() => expect(answers).toHaveLength(2))
  answers[1]?.({ ok: true, name: 'new', trials: [], estimateS: 1 })
  await late
  answers[0]?.({ ok: true, name: 'old', trials: [], estimateS: 1 })
  await early
  expect(experiment.check).toMatchObject({ name: 'new' })
})
