import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { LiveBatch } from '#shared/contract/console-api'
import { aRequest, aTrial } from '../testing/records'
import { LiveBatcher } from './live-batch'

const run = { runId: 'run', lab: 'local' }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('sends columns at most ten times a second, and counts what it leaves out', () => {
  const batches: LiveBatch[] = []
  const batcher = new LiveBatcher(run, aTrial('t1', { servers: 25 }), (batch) => batches.push(batch))
  for (let ms = 0; ms < 1_000; ms += 10) {
    batcher.add(Array.from({ length: 150 }, (_, index) => aRequest({ requestId: ms * 100 + index })))
    vi.advanceTimersByTime(10)
  }
  batcher.flush()
  expect(batches.length).toBeLessThanOrEqual(11)
  const sent = batches.reduce((sum, batch) => sum + batch.requestId.length, 0)
  const dropped = batches.reduce((sum, batch) => sum + batch.dropped, 0)
  expect(sent + dropped).toBe(15_000)
  expect(dropped).toBeGreaterThan(0)
  expect(batches[0]).toMatchObject({
    series: 'rotation, 25 servers',
    strategy: 'rotation',
    linkDelay: 'off',
  })
})

it('has a column for each figure of a request, and none of requests that did not succeed', () => {
  const batches: LiveBatch[] = []
  const batcher = new LiveBatcher(run, aTrial('t1', { link_delay: 'real' }), (batch) => batches.push(batch))
  batcher.add([aRequest({ requestId: 7, status: 'failed' }), aRequest({ requestId: 8, status: 'cancelled' })])
  batcher.flush()
  expect(batches).toEqual([])
  batcher.add([
    aRequest({
      requestId: 1,
      startedAt: 2_000,
      e2eMs: 3,
      ttftMs: 4,
      tpotMs: 5,
      hopsHistogram: [0, 1, 1],
      propagationMs: 6,
      blocks: 7,
      blocksHit: 8,
      promptTokens: 9,
      cachedTokens: 10,
      outputTokens: 11,
      bytesRead: 12,
    }),
    aRequest({ requestId: 9, status: 'failed' }),
  ])
  batcher.flush()
  expect(batches).toEqual([
    {
      runId: 'run',
      trialId: 't1',
      lab: 'local',
      linkDelay: 'real',
      series: 'rotation, 9 servers',
      strategy: 'rotation',
      requestId: [1],
      at: [2_003],
      ttftMs: [4],
      tpotMs: [5],
      hopsMean: [1.5],
      propagationMs: [6],
      blocks: [7],
      blocksHit: [8],
      promptTokens: [9],
      cachedTokens: [10],
      outputTokens: [11],
      bytesRead: [12],
      dropped: 0,
    },
  ])
})

it('tells the end of a request and the mean of its hops, and null where nothing was measured', () => {
  const batches: LiveBatch[] = []
  const batcher = new LiveBatcher(run, aTrial('t1', { cache: 'off' }), (batch) => batches.push(batch))
  batcher.add([
    aRequest({ startedAt: 1_000, e2eMs: 50, hopsHistogram: [0, 3, 1] }),
    aRequest({ startedAt: 2_000, e2eMs: null, ttftMs: null, hopsHistogram: [] }),
  ])
  batcher.flush()
  expect(batches[0]).toMatchObject({ at: [1_050, 2_000], hopsMean: [1.25, null], ttftMs: [170.5, null] })
  expect(batches[0]).toMatchObject({ series: 'cache off', strategy: 'off' })
})

it('says that nothing was measured in a run of the simulator, whatever its link delay', () => {
  const batches: LiveBatch[] = []
  const simulated = { runId: 'run', lab: 'simulated' }
  const batcher = new LiveBatcher(simulated, aTrial('t1', { link_delay: 'off' }), (batch) =>
    batches.push(batch),
  )
  batcher.add([aRequest()])
  batcher.flush()
  expect(batches).toMatchObject([{ lab: 'simulated', linkDelay: 'off' }])
})
