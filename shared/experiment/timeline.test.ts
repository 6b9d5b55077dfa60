import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { timelinePoint } from '../contract/console-api'
import { aRequest, anEvent } from './testing/records'
import { binTimeline, type TimelineInput } from './timeline'

const startedAt = 1_700_000_000_000
const input: TimelineInput = { trialId: 't001', startedAt, requests: [], events: [], samples: [] }

describe('binTimeline', () => {
  test('nothing happened: no points', () => {
    expect(binTimeline(input)).toEqual([])
  })

  test('a request belongs to the second in which it ended', () => {
    const request = aRequest({
      startedAt: startedAt + 900,
      e2eMs: 1500,
      blocksHit: 3,
      cachedTokens: 200,
      hopsHistogram: [0, 2, 2],
      bytesRead: 1000,
      bytesWritten: 50,
    })
    const points = binTimeline({ ...input, requests: [request] })
    expect(points.map((point) => point.requests)).toEqual([0, 0, 1])
    expect(points[1]).toMatchObject({
      blockHitRate: null,
      hopsMean: null,
      ttftMsP50: null,
      outputTokensPerS: 0,
      bytesReadPerS: 0,
    })
    expect(points[2]).toMatchObject({
      tS: 2,
      blockHitRate: 0.5,
      tokenHitRate: 0.25,
      hopsMean: 1.5,
      ttftMsP50: 410,
      ttftMsP95: 410,
      tpotMsP50: 10,
      outputTokensPerS: 24,
      bytesReadPerS: 1000,
      bytesWrittenPerS: 50,
    })
  })

  test('failures are counted, and measured by nobody', () => {
    const failed = aRequest({
      startedAt,
      status: 'failed',
      e2eMs: null,
      blocksHit: 3,
      cachedTokens: 384,
      hopsHistogram: [0, 4],
      outputTokens: 9,
      bytesRead: 5,
      bytesWritten: 6,
    })
    expect(binTimeline({ ...input, requests: [failed] })[0]).toMatchObject({
      requests: 1,
      blockHitRate: null,
      tokenHitRate: null,
      hopsMean: null,
      ttftMsP50: null,
      ttftMsP95: null,
      tpotMsP50: null,
      outputTokensPerS: 0,
      bytesReadPerS: 0,
      bytesWrittenPerS: 0,
    })
  })

  test('a second has the quantiles and sums of all its requests', () => {
    const requests = [100, 200, 300].map((ttftMs) =>
      aRequest({ startedAt, ttftMs, tpotMs: ttftMs / 10, bytesRead: ttftMs, bytesWritten: 1 }),
    )
    expect(binTimeline({ ...input, requests })[0]).toMatchObject({
      requests: 3,
      ttftMsP50: 200,
      ttftMsP95: 290,
      tpotMsP50: 20,
      outputTokensPerS: 72,
      bytesReadPerS: 600,
      bytesWrittenPerS: 3,
    })
  })

  test('counters show what changed; a restart that sets them back is no change', () => {
    const sample = (atS: number, storedBytes: number, evictedChunks: number, migratedChunks: number) => ({
      at: startedAt + atS * 1000,
      storedBytes,
      evictedChunks,
      migratedChunks,
    })
    const samples = [
      sample(0.5, 100, 2, 0),
      sample(1.1, 150, 2, 4),
      sample(1.9, 180, 5, 4),
      sample(3.5, 20, 1, 6),
    ]
    const points = binTimeline({ ...input, samples })
    expect(points.map((point) => point.storedBytes)).toEqual([100, 180, null, 20])
    expect(points.map((point) => point.evictedChunks)).toEqual([2, 3, null, null])
    expect(points.map((point) => point.migratedChunks)).toEqual([0, 4, null, 2])
  })

  test('events are named, and the epoch lasts until the next one', () => {
    const events = [
      anEvent({ at: startedAt }),
      anEvent({ at: startedAt + 2100, name: 'rotation_started', epoch: 0 }),
      anEvent({ at: startedAt + 2300, name: 'rotation_finished', message: '26 chunks', epoch: 1 }),
      anEvent({ at: startedAt + 3000, name: 'host_lost', message: 'nuc2 was lost', epoch: 1 }),
    ]
    const points = binTimeline({ ...input, events })
    expect(points.map((point) => point.epoch)).toEqual([0, 0, 1, 1])
    expect(points.map((point) => point.event)).toEqual([
      'trial_started',
      '',
      'rotation_started; rotation_finished: 26 chunks',
      'host_lost: nuc2 was lost',
    ])
  })

  test('adds up to the totals, second after second, as the contract says', () => {
    const request = fc
      .record({
        at: fc.double({ min: -5000, max: 60_000, noNaN: true }),
        e2eMs: fc.option(fc.nat(3000)),
        outputTokens: fc.nat(100),
      })
      .map(({ at, ...change }) => aRequest({ ...change, startedAt: startedAt + at }))
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        const points = binTimeline({ ...input, requests })
        expect(points.map((point) => point.tS)).toEqual([...points.keys()])
        expect(points.reduce((sum, point) => sum + point.requests, 0)).toBe(requests.length)
        const tokens = requests.reduce((sum, { outputTokens }) => sum + outputTokens, 0)
        expect(points.reduce((sum, point) => sum + (point.outputTokensPerS ?? 0), 0)).toBe(tokens)
        for (const point of points) expect(timelinePoint.safeParse(point).success).toBe(true)
      }),
    )
  })

  test('a clock that is wrong does not make it endless', () => {
    expect(binTimeline({ ...input, startedAt: 0, requests: [aRequest()] }).length).toBe(604_801)
  })
})
