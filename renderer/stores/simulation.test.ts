import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { TraceInspection } from '#shared/contract/simulation-api'
import { withEngine, withStores } from '../testing/with-stores'
import { useCompare } from './compare'
import { useLatencyModel } from './latency-model'
import { useReplay } from './replay'
import { useSystem } from './system'
import { useLauncher } from './launcher'
import { constellationPresetNames, constellationPresets } from '#shared/constellation/presets'
import { presetById } from '#shared/experiment/presets'

const storage = new Map<string, string>()
beforeEach(() => {
  storage.clear()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => storage.set(key, value),
  })
  return () => vi.unstubAllGlobals()
})

describe('latency model', () => {
  it("begins with the paper's sweep, computed at once", () => {
    const model = withStores().use(useLatencyModel)
    expect(model.draft.preset).toBe('paper')
    expect(model.figures?.own.get('rotation')?.maxS).toBeCloseTo(0.525, 3)
  })

  it('keeps the last figures, marked, while a field is wrong, and goes on when it is right', async () => {
    const model = withStores().use(useLatencyModel)
    await vi.waitFor(() => expect(model.progress).toBe(1))
    const before = model.figures
    model.set('servers', '9000')
    expect([model.stale, model.figures]).toEqual([true, before])
    expect(model.draft.preset).toBe('own')
    model.set('servers', '9')
    expect(model.stale).toBe(false)
    await vi.waitFor(() => expect(model.progress).toBe(1))
    expect(model.figures?.base.configuration.servers).toBe(9)
  })

  it('stops computing what the form no longer says', async () => {
    const model = withStores().use(useLatencyModel)
    model.setAlong('KVC_BYTES', '1:2000:1 KiB')
    model.setAlong('KVC_BYTES', '5 MiB')
    await vi.waitFor(() => expect(model.progress).toBe(1))
    expect(model.figures?.points.KVC_BYTES.hop).toHaveLength(1)
  })

  it('remembers the form, and forgets what it cannot read', async () => {
    withStores().use(useLatencyModel).set('altitude', '600 km')
    await vi.waitFor(() => expect(storage.size).toBe(1))
    expect(withStores().use(useLatencyModel).draft.altitude).toBe('600 km')
    storage.set('skymemory.latency-model', '{"slots": 3}')
    expect(withStores().use(useLatencyModel).draft.preset).toBe('paper')
  })
})

describe('replay', () => {
  it('opens a trace, replays it and shows each cache as it is done', async () => {
    const { engine, use } = withStores()
    const replay = use(useReplay)
    await replay.open('/traces/a.jsonl')
    expect([replay.trace?.format, replay.recent]).toEqual(['mooncake', ['/traces/a.jsonl']])
    replay.set({ policies: ['lru'], capacities: '100, 1000' })
    await replay.start()
    expect(replay.running).toBe(true)
    engine.advance(1_000)
    expect(replay.job?.rows.length).toBeGreaterThan(0)
    engine.advance(3_000)
    expect(replay.job?.state.kind).toBe('finished')
    expect(replay.job?.rows.map(({ capacity }) => capacity)).toEqual([null, 100, 1000])
    const rates = replay.job!.rows.map((row) => row.blockHitRate!)
    expect(rates[0]).toBeGreaterThan(rates[2]!)
    expect(rates[2]).toBeGreaterThan(rates[1]!)
  })

  it('is cancelled', async () => {
    const { use } = withStores()
    const replay = use(useReplay)
    await replay.open('/traces/a.jsonl')
    await replay.start()
    await replay.cancel()
    expect([replay.running, replay.job?.state.kind]).toEqual([false, 'cancelled'])
  })

  it('says why a file cannot be opened, and does not offer it again', async () => {
    const { use } = withStores()
    const replay = use(useReplay)
    await replay.open('/traces/a.jsonl')
    await replay.open('/traces/missing.jsonl')
    expect(replay.error?.code).toBe('not_found')
    expect([replay.trace?.path, replay.recent]).toEqual(['/traces/a.jsonl', ['/traces/a.jsonl']])
  })
})

const azure: TraceInspection = {
  path: '',
  bytes: 1_000,
  isGzip: false,
  format: 'azure',
  title: 'Azure LLM inference CSV',
  blockTokens: 128,
  knowsPrefixes: false,
  knowsArrivals: true,
  inOrder: true,
}

describe('a simulation of the system', () => {
  it.each(constellationPresetNames)('takes the constellation %s, and can be started', (name) => {
    const system = withStores().use(useSystem)
    system.useConstellation(name)
    expect(system.problems).toEqual([])
    const { orbits, slots, planes } = constellationPresets[name].options
    const given = Object.entries(constellationPresets[name].options)
    expect(system.trials[0]?.parameters).toMatchObject({ orbits, slots, planes })
    // Everything that a preset says is a parameter of experiments: nothing of it is lost.
    expect(system.trials[0]?.parameters).toMatchObject(Object.fromEntries(given))
    system.useConstellation('19x5')
    expect(system.trials[0]?.parameters).toMatchObject({ orbits: 'torus', slots: 19, planes: 5 })
  })

  it('takes its requests from a trace, in blocks of its length, or makes them itself', async () => {
    const system = withStores().use(useSystem)
    await system.useTrace('/traces/a.jsonl')
    expect(system.trials[0]?.parameters).toMatchObject({ trace: '/traces/a.jsonl', block_tokens: 512 })
    await system.useTrace(null)
    expect(system.trials[0]?.parameters).toMatchObject({ trace: 'none', block_tokens: 128 })
    await system.useTrace('/traces/missing.jsonl')
    expect(system.error?.code).toBe('not_found')
  })

  it('asks for what a trace does not say, and declares it in the experiment', async () => {
    const system = withStores().use(useSystem)
    await system.useTrace('/traces/azure.csv')
    const declared = () => {
      const { trace_prefix_model: model, trace_arrival_rate: rate } = system.trials[0]!.parameters
      return [model, rate]
    }
    expect([system.trace?.knowsPrefixes, ...declared()]).toEqual([false, 'none', 0])
    system.declare({ prefixModel: 'shared' })
    expect(declared()).toEqual(['shared:512', 0])
    system.declare({ sharedTokens: 'many' })
    expect([...system.undeclared.keys()]).toEqual(['sharedTokens'])
    system.declare({ sharedTokens: '300' })
    expect([system.undeclared.size, ...declared()]).toEqual([0, 'shared:300', 0])
    await system.useTrace('/traces/chats.json')
    expect(declared()).toEqual(['undeclared', 1])
    system.declare({ arrivalRate: '' })
    expect([...system.undeclared.keys()]).toEqual(['arrivalRate'])
    system.declare({ arrivalRate: '0.25' })
    expect([system.undeclared.size, ...declared()]).toEqual([0, 'undeclared', 0.25])
    await system.useTrace(null)
    expect([system.trace, ...declared()]).toEqual([null, 'undeclared', 0])
  })

  it('does not begin while the text that was opened leaves it open', async () => {
    const started: (string | undefined)[] = []
    const system = withEngine({
      inspectTrace: ({ path }) => ({ ...azure, path }),
      startRun: ({ lab }) => ({ runId: String(started.push(lab)) }),
    }).use(useSystem)
    system.yaml = 'name: Mine\nparameters: { trace: /traces/azure.csv, block_tokens: 128 }\n'
    await vi.waitFor(() => expect([...system.undeclared.keys()]).toEqual(['prefixModel']))
    await system.start()
    expect(started).toEqual([])
    system.declare({ prefixModel: 'session' })
    await system.start()
    expect([started, system.error]).toEqual([['simulated'], null])
  })

  it('is a run that is marked as simulated, and is compared with one of the lab', async () => {
    const { engine, use } = withStores()
    const [system, compare, launcher] = [use(useSystem), use(useCompare), use(useLauncher)]
    const measured = await launcher.launch(presetById('demo')!.yaml)
    engine.advance(600_000)
    await system.start()
    expect(system.run).toMatchObject({ lab: 'simulated', name: 'Demo' })
    engine.advance(600_000)
    expect(compare.runIds).toEqual([measured, system.run?.runId])
  })

  it('says what stands in its way', async () => {
    const system = withStores().use(useSystem)
    system.set('slots', { kind: 'fixed', value: 0 })
    expect(system.problems.map(({ path }) => path)).toContain('parameters.slots')
    await system.start()
    expect(system.run).toBeNull()
  })
})

describe('compared runs', () => {
  it('are the two newest until others are chosen', async () => {
    const { engine, use } = withStores()
    const [compare, launcher] = [use(useCompare), use(useLauncher)]
    expect(compare.runIds).toEqual(['', ''])
    const runs: string[] = []
    for (let i = 0; i < 3; i++) {
      runs.push((await launcher.launch(presetById('demo')!.yaml))!)
      engine.advance(600_000)
    }
    expect(compare.runIds).toEqual([runs[2], runs[1]])
    await vi.waitFor(() => expect(compare.sides?.map(({ run }) => run.runId)).toEqual([runs[2], runs[1]]))
    compare.choose(1, runs[0]!)
    await vi.waitFor(() => expect(compare.sides?.[1].run.runId).toBe(runs[0]))
  })
})
