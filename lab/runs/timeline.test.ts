import { expect, it } from 'vitest'
import { aRequest } from '../testing/records'
import { timelinePoints } from './timeline'

const start = 1_000_000

it('puts every request into the second in which it ended, and leaves empty seconds unmeasured', () => {
  const points = timelinePoints(
    't1',
    start,
    [
      aRequest({ startedAt: start + 900, e2eMs: 50, ttftMs: 10, outputTokens: 4, hopsHistogram: [0, 2] }),
      aRequest({ startedAt: start + 990, e2eMs: 50, ttftMs: 30, outputTokens: 6, hopsHistogram: [0, 0, 2] }),
      aRequest({
        startedAt: start + 3_000,
        e2eMs: 10,
        ttftMs: null,
        blocks: 0,
        blocksHit: 0,
        hopsHistogram: [],
      }),
    ],
    [
      { tS: 1.2, storedBytes: 100, evictedChunks: 3, migratedChunks: null, epoch: 0 },
      { tS: 2.2, storedBytes: 90, evictedChunks: 5, migratedChunks: 7, epoch: 1 },
    ],
    [{ trialId: 't1', at: start + 2_500, name: 'host_lost', message: 'nuc2' }],
  )
  expect(points.map((point) => point.requests)).toEqual([1, 1, 0, 1])
  expect(points.reduce((sum, point) => sum + (point.outputTokensPerS ?? 0), 0)).toBe(34)
  expect(points[0]).toMatchObject({ ttftMsP50: 10, hopsMean: 1, storedBytes: null, evictedChunks: null })
  expect(points[1]).toMatchObject({ ttftMsP95: 30, hopsMean: 2, storedBytes: 100, evictedChunks: 3 })
  expect(points[2]).toMatchObject({
    requests: 0,
    ttftMsP50: null,
    blockHitRate: null,
    outputTokensPerS: null,
    evictedChunks: 2,
    migratedChunks: 7,
    epoch: 1,
    event: 'host_lost: nuc2',
  })
  expect(points[3]).toMatchObject({ ttftMsP50: null, blockHitRate: null, hopsMean: null })
})

it('is empty for an attempt without records', () => {
  expect(timelinePoints('t1', start, [], [], [])).toEqual([])
})
