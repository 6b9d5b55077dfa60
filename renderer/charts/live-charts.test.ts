import { describe, expect, it } from 'vitest'
import type { LiveBatch, StoredRequest } from '#shared/contract/console-api'
import { defaultParameters } from '#shared/experiment/parameters'
import { LiveCharts, meanLine, type LiveMetric } from './live-charts'
import { LiveTrial, requestsKept } from './live-trial'

const start = 1_000_000

function trialNamed(trialId: string, startedAt = start): LiveTrial {
  return new LiveTrial(
    { trialId, repeat: 1, seed: 1, factors: {}, parameters: { ...defaultParameters, link_delay: 'real' } },
    startedAt,
  )
}

function batch(requests: readonly { id: number; s: number; ttft: number | null; hit?: number }[]): LiveBatch {
  const all = <T>(value: T): T[] => requests.map(() => value)
  return {
    runId: 'r',
    trialId: 't',
    lab: 'local',
    linkDelay: 'real',
    series: 'rotation, 9 servers',
    strategy: 'rotation',
    requestId: requests.map(({ id }) => id),
    at: requests.map(({ s }) => start + s * 1000),
    ttftMs: requests.map(({ ttft }) => ttft),
    tpotMs: all(10),
    hopsMean: all(null),
    propagationMs: all(null),
    blocks: all(6),
    blocksHit: requests.map(({ hit }) => hit ?? 0),
    promptTokens: all(800),
    cachedTokens: all(0),
    outputTokens: all(24),
    bytesRead: all(0),
    dropped: 0,
  }
}

function aStoredRequest(change: Partial<StoredRequest>): StoredRequest {
  return {
    trialId: 't',
    seq: 1,
    requestId: 1,
    sessionId: 0,
    turn: 0,
    startedAt: start,
    promptTokens: 800,
    outputTokens: 24,
    blocks: 6,
    blocksHit: 5,
    cachedTokens: 640,
    chunksFetched: 2,
    hopsHistogram: [0, 1, 1],
    lookupMs: 2,
    getMs: 3,
    setMs: 4,
    restoreMs: null,
    prefillMs: 400,
    ttftMs: 410,
    tpotMs: 11,
    e2eMs: 640,
    propagationMs: 12,
    bytesRead: 13,
    bytesWritten: 14,
    status: 'ok',
    errorCode: null,
    harmful: false,
    halfBlocksServed: 0,
    wrongBytesServed: 0,
    ...change,
  }
}

const view = { statistic: 'p50', windowS: 1 } as const

describe('live charts', () => {
  it('draw what came, at the time since the trial began', () => {
    const trial = trialNamed('t')
    trial.addBatch(
      batch([
        { id: 1, s: 0.4, ttft: 100, hit: 3 },
        { id: 2, s: 0.6, ttft: 300 },
        { id: 3, s: 1.5, ttft: null },
      ]),
    )
    const charts = new LiveCharts('trial')
    charts.update([trial])
    expect(charts.series('ttft', view)[0]).toMatchObject({ points: [{ x: 0.5, y: 200 }], samples: 2 })
    expect(charts.series('hitRate', view)[0]!.points).toEqual([
      { x: 0.5, y: 0.25 },
      { x: 1.5, y: 0 },
    ])
    expect(charts.series('hops', view)[0]).toMatchObject({ points: [], samples: 0 })
  })

  it('take each request once, whether it came live, stored or both', () => {
    const trial = trialNamed('t')
    trial.addBatch(batch([{ id: 1, s: 0, ttft: 100 }]))
    trial.addBatch(
      batch([
        { id: 1, s: 0, ttft: 100 },
        { id: 9_000, s: 0, ttft: 120 },
      ]),
    )
    trial.addBatch(batch([{ id: 1, s: 0, ttft: 100 }]))
    trial.addStored(aStoredRequest({ requestId: 9_000 }))
    expect(trial.ring.written).toBe(2)
  })

  it('draw each metric from its own column, by the quantile that is asked for', () => {
    const trial = trialNamed('t')
    trial.addBatch({
      ...batch([
        { id: 1, s: 0.1, ttft: 100 },
        { id: 2, s: 0.2, ttft: 300 },
      ]),
      tpotMs: [10, 20],
      hopsMean: [1, 3],
      propagationMs: [4, 8],
    })
    const charts = new LiveCharts('trial')
    charts.update([trial])
    const metrics: LiveMetric[] = ['ttft', 'tpot', 'hops', 'propagation']
    const drawn = (statistic: 'p50' | 'p95') =>
      metrics.map((metric) => charts.series(metric, { statistic, windowS: 1 })[0]!.points[0]!.y)
    expect(drawn('p50')).toEqual([200, 15, 2, 6])
    drawn('p95').forEach((value, i) => expect(value).toBeCloseTo([290, 19.5, 2.9, 7.8][i]!, 10))
  })

  it('draw a stored request as the same one that came live, and none that did not succeed', () => {
    const trial = trialNamed('t')
    trial.addStored(aStoredRequest({ requestId: 1, status: 'failed' }))
    trial.addStored(aStoredRequest({ requestId: 2, status: 'cancelled' }))
    expect(trial.ring.written).toBe(0)
    trial.addStored(aStoredRequest({ requestId: 3 }))
    const { ring } = trial
    expect({
      at: ring.value('at', 0),
      ttftMs: ring.value('ttftMs', 0),
      tpotMs: ring.value('tpotMs', 0),
      hopsMean: ring.value('hopsMean', 0),
      propagationMs: ring.value('propagationMs', 0),
      blocks: ring.value('blocks', 0),
      blocksHit: ring.value('blocksHit', 0),
      outputTokens: ring.value('outputTokens', 0),
    }).toEqual({
      at: start + 640,
      ttftMs: 410,
      tpotMs: 11,
      hopsMean: 1.5,
      propagationMs: 12,
      blocks: 6,
      blocksHit: 5,
      outputTokens: 24,
    })
  })

  it('take only what is new since the last update', () => {
    const trial = trialNamed('t')
    const charts = new LiveCharts('trial')
    trial.addBatch(batch([{ id: 1, s: 0, ttft: 100 }]))
    charts.update([trial])
    charts.update([trial])
    trial.addBatch(batch([{ id: 2, s: 0, ttft: 100 }]))
    charts.update([trial])
    expect(charts.series('ttft', view)[0]!.samples).toBe(2)
  })

  it('average the throughput of repeats instead of adding it up', () => {
    const charts = new LiveCharts('trial')
    const trials = ['a', 'b'].map((name) => {
      const trial = trialNamed(name)
      trial.addBatch(batch([0, 1, 2].map((s) => ({ id: s + 1, s, ttft: 1 }))))
      return trial
    })
    charts.update(trials)
    const [series] = charts.series('throughput', view)
    // 24 tokens in each second of each trial; the newest second is not over and is left out.
    expect(series!.points.map((point) => point.y)).toEqual([24, 24])
    expect(series!.samples).toBe(6)
  })

  it('put trials one after the other on the time axis of the run', () => {
    const [first, second] = [trialNamed('a', start), trialNamed('b', start + 10_000)]
    first.addBatch(batch([{ id: 1, s: 0, ttft: 1 }]))
    second.addBatch(batch([{ id: 1, s: 12, ttft: 1 }]))
    const byRun = new LiveCharts('run')
    byRun.update([first, second])
    expect(byRun.series('ttft', view)[0]!.points.map((point) => point.x)).toEqual([0.5, 12.5])
  })

  it('bound what a trial keeps', () => {
    const trial = trialNamed('t')
    const ids = Array.from({ length: 1_000 }, (_, i) => i)
    for (let page = 0; page < requestsKept / 1_000 + 2; page++) {
      trial.addBatch(batch(ids.map((id) => ({ id: page * 1_000 + id, s: 1, ttft: 1 }))))
    }
    expect(trial.ring.written - trial.ring.oldest).toBe(requestsKept)
  })
})

it('the mean of lines covers every x that one of them has', () => {
  expect(
    meanLine([
      [
        { x: 1, y: 2 },
        { x: 2, y: 4 },
      ],
      [{ x: 2, y: 8 }],
    ]),
  ).toEqual([
    { x: 1, y: 2 },
    { x: 2, y: 6 },
  ])
})
