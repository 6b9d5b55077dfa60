import { describe, expect, it } from 'vitest'
import type { RunDetail, RunTrial, TimelinePoint } from '#shared/contract/console-api'
import { defaultParameters } from '#shared/experiment/parameters'
import { PagedRows } from './paged-rows'
import { requestPhases } from './request-phases'
import { timelineSpecs } from './timeline-spec'

describe('phases of a request', () => {
  const phases = requestPhases({
    lookupMs: 10,
    getMs: 40,
    prefillMs: 100,
    setMs: 30,
    ttftMs: 150,
    e2eMs: 400,
  })

  it('follow each other and end where the request ends', () => {
    expect(phases.map(({ name, ms }) => [name, ms])).toEqual([
      ['Lookup', 10],
      ['Get', 40],
      ['Prefill', 100],
      ['TTFT', 150],
      ['Decode', 250],
      ['Set', 30],
      ['Total', 400],
    ])
    for (const phase of phases) expect(phase.to).toBeLessThanOrEqual(1)
    expect(phases.find(({ name }) => name === 'Prefill')).toMatchObject({ from: 50 / 400, to: 150 / 400 })
  })

  it('show the time that nothing of it explains', () => {
    const waiting = requestPhases({
      lookupMs: null,
      getMs: null,
      prefillMs: 100,
      setMs: null,
      ttftMs: 180,
      e2eMs: 200,
    })
    expect(waiting.find(({ name }) => name === 'Waiting')).toMatchObject({ ms: 80, from: 0, to: 0.4 })
  })

  it('leave out what was not measured', () => {
    const none = { lookupMs: null, getMs: null, prefillMs: null, setMs: null, ttftMs: null, e2eMs: null }
    expect(requestPhases(none)).toEqual([])
  })
})

describe('rows of a long table', () => {
  const load = (calls: number[]) => async (offset: number, limit: number) => {
    calls.push(offset)
    return {
      total: 1_000,
      rows: Array.from({ length: Math.min(limit, 1_000 - offset) }, (_, i) => offset + i),
    }
  }

  it('are loaded where they are needed, once', async () => {
    const calls: number[] = []
    const rows = new PagedRows(load(calls))
    await rows.need(390, 420)
    await rows.need(400, 410)
    expect(calls).toEqual([200, 400])
    expect([rows.row(399), rows.row(400), rows.row(0), rows.total.value]).toEqual([399, 400, null, 1_000])
  })

  it('of an answer that comes after a reset are not taken', async () => {
    let answer: (page: { total: number; rows: number[] }) => void = () => undefined
    const rows = new PagedRows<number>(() => new Promise((resolve) => (answer = resolve)))
    const loading = rows.need(0, 10)
    rows.reset()
    answer({ total: 1, rows: [7] })
    await loading
    expect([rows.row(0), rows.total.value]).toEqual([null, null])
  })

  it('can be asked for again after a failure', async () => {
    let fail = true
    const rows = new PagedRows<number>(async () => {
      if (fail) throw new Error('lost')
      return { total: 1, rows: [7] }
    })
    await expect(rows.need(0, 1)).rejects.toThrow('lost')
    fail = false
    await rows.need(0, 1)
    expect(rows.row(0)).toBe(7)
  })
})

describe('timeline of a run', () => {
  const trial = (trialId: string, repeat: number): RunTrial => ({
    trialId,
    repeat,
    seed: 1,
    factors: {},
    parameters: defaultParameters,
    attempt: 1,
    state: { kind: 'completed', startedAt: 5_000, durationS: 2 },
    summary: null,
  })
  const point = (trialId: string, tS: number, ttftMsP50: number | null): TimelinePoint => ({
    machines: {},
    trialId,
    tS,
    requests: 3,
    blockHitRate: null,
    tokenHitRate: null,
    hopsMean: null,
    ttftMsP50,
    ttftMsP95: null,
    tpotMsP50: null,
    outputTokensPerS: null,
    bytesReadPerS: null,
    bytesWrittenPerS: null,
    storedBytes: 1_048_576,
    evictedChunks: null,
    migratedChunks: null,
    epoch: null,
    event: '',
  })
  const run: RunDetail = {
    runId: 'r',
    name: 'r',
    lab: 'local',
    createdAt: 0,
    state: { kind: 'finished', at: 9_000, failedTrials: 0 },
    trialsTotal: 2,
    trialsDone: 2,
    requestsDone: 12,
    progress: 1,
    remainingS: null,
    yaml: '',
    trials: [trial('a', 1), trial('b', 2)],
  }
  const points = [point('a', 0, 100), point('a', 1, null), point('b', 0, 300), point('b', 1, 50)]
  const ttft = (trialId: string | null) =>
    timelineSpecs(
      run,
      points,
      [{ trialId: 'a', at: 6_500, name: 'host_lost', message: 'nuc3' }],
      trialId,
    ).find(({ title }) => title === 'TTFT p50')!

  it('averages the trials of a series second by second, over those that were measured', () => {
    expect(ttft(null).series).toHaveLength(1)
    expect(ttft(null).series[0]).toMatchObject({
      points: [
        { x: 0, y: 200 },
        { x: 1, y: 50 },
      ],
      samples: 12,
    })
  })

  it('shows one trial alone, with its events', () => {
    expect(ttft('a').series[0]!.points).toEqual([{ x: 0, y: 100 }])
    expect(ttft('a').events).toEqual([{ x: 1.5, label: 'Host lost: nuc3', severity: 'fault' }])
  })

  it('draws each metric from its own column, in the unit that it names', () => {
    const measured: TimelinePoint = {
      ...point('a', 0, 100),
      blockHitRate: 0.5,
      hopsMean: 2,
      ttftMsP95: 200,
      tpotMsP50: 10,
      outputTokensPerS: 24,
      bytesReadPerS: 3 * 1_048_576,
      storedBytes: 4 * 1_048_576,
      migratedChunks: 7,
    }
    const drawn = timelineSpecs(run, [measured], [], 'a').map(({ title, unit, series }) => [
      title,
      series[0]!.points[0]!.y,
      unit,
    ])
    expect(drawn).toEqual([
      ['Block hit rate', 0.5, '%'],
      ['TTFT p50', 100, 'ms'],
      ['TTFT p95', 200, 'ms'],
      ['TPOT p50', 10, 'ms'],
      ['Hops per chunk', 2, 'hops'],
      ['Throughput', 24, 'tokens/s'],
      ['Read from the cache', 3, 'MiB/s'],
      ['Stored in the constellation', 4, 'MiB'],
      ['Migrated', 7, 'chunks'],
    ])
  })
})
