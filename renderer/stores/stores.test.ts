import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { LiveBatch } from '#shared/contract/console-api'
import { presetById } from '#shared/experiment/presets'
import { lineChartCsv } from '../charts/export-csv'
import { LiveCharts } from '../charts/live-charts'
import { originOf } from '../charts/strategy-style'
import { withStores } from '../testing/with-stores'
import { useConstellation } from './constellation'
import { useExperiment } from './experiment'
import { useLab } from './lab'
import { useLauncher } from './launcher'
import { useLive } from './live'
import { logLinesKept, useLog } from './log'
import { useRuns } from './runs'
import { useToasts } from './toasts'

const demo = presetById('demo')!.yaml

beforeEach(() => {
  // A frame whenever the test lets one pass.
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => setTimeout(callback, 0))
  vi.stubGlobal('cancelAnimationFrame', (id: ReturnType<typeof setTimeout>) => clearTimeout(id))
  return () => vi.unstubAllGlobals()
})

describe('lab', () => {
  it('follows the lab through start, crash, restart and stop', async () => {
    const { engine, use } = withStores()
    const lab = use(useLab)
    await lab.refresh()
    expect(lab.state?.kind).toBe('stopped')
    expect(await lab.start(19, 5)).toBe(true)
    expect([lab.healthy, lab.hosts.length]).toEqual([6, 6])
    engine.crash('nuc3')
    expect(lab.healthy).toBe(5)
    await lab.restartHost('nuc3')
    expect([lab.healthy, lab.restarting.size]).toEqual([6, 0])
    await lab.stop()
    expect(lab.hosts).toEqual([])
  })
})

describe('launcher', () => {
  it('starts the lab that the demo needs, then the demo', async () => {
    const { use } = withStores()
    const [lab, runs, launcher] = [use(useLab), use(useRuns), use(useLauncher)]
    const runId = await launcher.launchDemo()
    expect(runId).not.toBeNull()
    expect(lab.running).toMatchObject({ slots: 19, planes: 5 })
    expect(runs.active?.runId).toBe(runId)
    expect(launcher.step.kind).toBe('idle')
  })

  it('says with the line why an experiment cannot start, and starts no lab', async () => {
    const { use } = withStores()
    const [lab, launcher] = [use(useLab), use(useLauncher)]
    await lab.refresh()
    expect(await launcher.launch('name: x\nparameters:\n  servers: 0\n')).toBeNull()
    expect(launcher.error).toMatchObject({ code: 'invalid_experiment' })
    expect(launcher.error?.message).toContain('Line 3')
    expect(lab.state?.kind).toBe('stopped')
  })
})

describe('runs', () => {
  it('knows the active run, its progress and its end', async () => {
    const { engine, use } = withStores()
    const [runs, launcher] = [use(useRuns), use(useLauncher)]
    const runId = (await launcher.launch(demo))!
    engine.advance(20_000)
    expect(runs.active?.progress).toBeGreaterThan(0)
    await runs.pause(runId)
    expect(runs.active?.state.kind).toBe('paused')
    await runs.resume(runId)
    engine.advance(600_000)
    expect(runs.active).toBeNull()
    expect(runs.list[0]?.state.kind).toBe('finished')
    await runs.remove(runId)
    expect(runs.list).toEqual([])
  })
})

describe('live', () => {
  it('shows stored and live requests of a run, each once', async () => {
    const { engine, use } = withStores()
    const [live, launcher] = [use(useLive), use(useLauncher)]
    const runId = (await launcher.launch(demo))!
    engine.advance(30_000)
    await live.show(runId)
    engine.advance(30_000)
    await vi.waitFor(async () => {
      const { total } = await engine.client.call('requests', { runId, trialId: null, offset: 0, limit: 1 })
      const drawn = [...live.trials.values()].reduce((sum, trial) => sum + trial.ring.written, 0)
      expect(drawn).toBe(total)
    })
    expect(live.linkDelay).toBe('real')
    expect(live.events.some((event) => event.name === 'rotation_started')).toBe(true)
    const charts = new LiveCharts('trial')
    charts.update(live.trials.values())
    const labels = charts.series('ttft', { statistic: 'p50', windowS: 5 }).map((series) => series.style.label)
    expect(labels.slice(0, 2)).toEqual(['cache off', 'rotation, 9 servers'])
  })

  it('draws what was simulated as simulated, also with its links at no delay', async () => {
    const { engine, use } = withStores()
    const [lab, live] = [use(useLab), use(useLive)]
    await lab.start(19, 5)
    const batches: LiveBatch[] = []
    engine.client.on('live', (batch) => batches.push(batch))
    const yaml = 'name: Fast links\nparameters: { link_delay: off, sessions: 20 }\n'
    const { runId } = await engine.client.call('startRun', { yaml, lab: 'simulated' })
    await live.show(runId)
    engine.advance(20_000)
    await vi.waitFor(() => expect(live.trials.size).toBe(1))
    expect(new Set(batches.map((batch) => `${batch.lab} ${batch.linkDelay}`))).toEqual(
      new Set(['simulated off']),
    )
    const charts = new LiveCharts('trial')
    charts.update(live.trials.values())
    const series = charts.series('ttft', { statistic: 'p50', windowS: 5 })
    expect(series.map(({ style }) => [style.label, originOf(style)])).toEqual([
      ['rotation, 9 servers · simulated', 'simulated'],
    ])
    const spec = { title: 'TTFT', unit: 'ms', xTitle: 's', series, events: [] } as const
    const rows = lineChartCsv(spec).trimEnd().split('\r\n').slice(1)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.every((row) => row.includes(',simulated,'))).toBe(true)
  })

  it('starts a repeated trial from nothing', async () => {
    const { engine, use } = withStores()
    const [live, launcher] = [use(useLive), use(useLauncher)]
    const runId = (await launcher.launch(demo))!
    engine.advance(600_000)
    await live.show(runId)
    const trialId = live.detail!.trials[0]!.trialId
    const before = live.generation
    await engine.client.call('repeatTrial', { runId, trialId })
    expect(live.generation).toBe(before + 1)
    engine.advance(3_000)
    await vi.waitFor(async () => {
      const { total } = await engine.client.call('requests', { runId, trialId, offset: 0, limit: 1 })
      expect(total).toBeGreaterThan(0)
      expect(live.trials.get(trialId)?.ring.written).toBe(total)
    })
  })

  it('ignores batches of other runs', async () => {
    const { engine, use } = withStores()
    const [live, launcher] = [use(useLive), use(useLauncher)]
    const first = (await launcher.launch(demo))!
    engine.advance(600_000)
    await live.show(first)
    const drawn = () => [...live.trials.values()].reduce((sum, trial) => sum + trial.ring.written, 0)
    const before = drawn()
    await launcher.launch(demo)
    engine.advance(5_000)
    expect(drawn()).toBe(before)
  })
})

describe('constellation', () => {
  it('keeps the snapshot, the rates and a bounded history', async () => {
    const { engine, use } = withStores()
    const [constellation, launcher, lab] = [use(useConstellation), use(useLauncher), use(useLab)]
    await launcher.launch(demo)
    engine.advance(200_000)
    expect(constellation.snapshot?.satellites).toHaveLength(95)
    expect(constellation.rates?.gets).toHaveLength(95)
    expect(constellation.history.length).toBeLessThanOrEqual(120)
    await lab.stop()
    expect([constellation.snapshot, constellation.rates]).toEqual([null, null])
  })
})

describe('log', () => {
  it('is bounded and keeps the newest lines', () => {
    const { engine, use } = withStores()
    const log = use(useLog)
    for (let i = 0; i < logLinesKept + 5; i++) engine.say('nuc1', 'info', `line ${i}`)
    expect(log.lines).toHaveLength(logLinesKept)
    expect(log.lines.at(-1)?.text).toBe(`line ${logLinesKept + 4}`)
  })
})

describe('experiment', () => {
  it('begins with the first preset and checks what is written', async () => {
    const { use } = withStores()
    const experiment = use(useExperiment)
    await experiment.open()
    expect(experiment.yaml).toBe(demo)
    expect(experiment.check).toMatchObject({ ok: true, name: 'Demo' })
    experiment.yaml = 'name: x\nparameters:\n  chunk_bytes: 0\n'
    await experiment.checkNow()
    expect(experiment.check).toMatchObject({
      ok: false,
      problems: [{ line: 3, path: 'parameters.chunk_bytes' }],
    })
  })
})

describe('notes', () => {
  it('tell of failures by code, but not of what the user cancelled', async () => {
    const { engine, use } = withStores()
    const toasts = use(useToasts)
    await toasts.guard(() => engine.client.call('startRun', { yaml: demo }))
    expect(toasts.toasts.map((toast) => toast.heading)).toEqual(['The lab is not running'])
    toasts.failed({ code: 'cancelled', message: '', hint: '', details: {} })
    expect(toasts.toasts).toHaveLength(1)
  })
})
