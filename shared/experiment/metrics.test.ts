import { describe, expect, test } from 'vitest'
import { trialSummary } from '../contract/console-api'
import { requestHops, summariseTrial, trialMetricNames } from './metrics'
import { aRequest, aSatellite } from './testing/records'

describe('summariseTrial', () => {
  test('by hand: two hits, a miss and a failure', () => {
    const records = [
      aRequest({ lookupMs: 4, setMs: 30, ttftMs: 400, e2eMs: 600 }),
      aRequest({
        blocksHit: 6,
        cachedTokens: 768,
        lookupMs: 2,
        getMs: 10,
        ttftMs: 100,
        e2eMs: 700,
        hopsHistogram: [0, 8, 2],
        harmful: true,
      }),
      aRequest({
        blocksHit: 3,
        cachedTokens: 384,
        lookupMs: 6,
        getMs: 20,
        ttftMs: 200,
        hopsHistogram: [0, 5, 4, 1],
      }),
      aRequest({
        status: 'failed',
        errorCode: 'host_down',
        lookupMs: 900,
        getMs: 900,
        setMs: 900,
        ttftMs: 9_000,
        tpotMs: 900,
        e2eMs: 9_000,
        outputTokens: 7,
        blocksHit: 5,
        cachedTokens: 640,
        hopsHistogram: [0, 0, 0, 0, 0, 9],
        harmful: true,
        halfBlocksServed: 1,
        wrongBytesServed: 2,
      }),
    ]
    const satellites = [
      aSatellite({ evictions: 5, purgedBlocks: 1, migratedIn: 7, migratedOut: 2, migratedBytes: 700 }),
      aSatellite({ evictions: 1, migratedIn: 2, migratedOut: 8, migratedBytes: 200 }),
    ]
    expect(summariseTrial(records, satellites, { durationS: 12 })).toEqual({
      requests: 4,
      failed_requests: 1,
      block_hit_rate: 9 / 18,
      token_hit_rate: 1152 / 2400,
      hops_mean: (13 + 6 * 2 + 3) / 20,
      hops_p95: expect.closeTo(2.05, 12) as number,
      hops_max: 3,
      lookup_ms_p50: 4,
      get_ms_p50: 15,
      get_ms_p95: 19.5,
      set_ms_p50: 30,
      ttft_ms_mean: 700 / 3,
      ttft_ms_p50: 200,
      ttft_ms_p95: 380,
      ttft_ms_p99: 396,
      tpot_ms_p50: 10,
      e2e_ms_p50: 640,
      output_tokens_per_s: 6,
      evicted_chunks: 6,
      purged_blocks: 1,
      migrated_chunks: 9,
      migrated_bytes: 900,
      harmful_hits: 1,
      half_blocks_served: 1,
      wrong_bytes_served: 2,
      duration_s: 12,
    })
  })

  test('what was not measured is null, never 0', () => {
    const summary = summariseTrial([], null, null)
    const { requests, failed_requests, ...rest } = summary
    expect([requests, failed_requests]).toEqual([0, 0])
    expect(Object.values(rest).every((value) => value === null)).toBe(true)
  })

  test('without a cache the hit rates are 0, and all that a cache does is null', () => {
    const summary = summariseTrial([aRequest(), aRequest()], [], { durationS: 10 })
    expect(summary).toMatchObject({
      block_hit_rate: 0,
      token_hit_rate: 0,
      hops_mean: null,
      hops_p95: null,
      hops_max: null,
      lookup_ms_p50: null,
      get_ms_p50: null,
      set_ms_p50: null,
      evicted_chunks: null,
      migrated_bytes: null,
      ttft_ms_p50: 410,
      output_tokens_per_s: 4.8,
    })
  })

  test('a trial that took no time has no throughput', () => {
    expect(summariseTrial([aRequest()], null, { durationS: 0 }).output_tokens_per_s).toBeNull()
  })

  test('prompts that are too short for a block have no block hit rate', () => {
    const summary = summariseTrial([aRequest({ blocks: 0, promptTokens: 100 })], null, null)
    expect([summary.block_hit_rate, summary.token_hit_rate]).toEqual([null, 0])
  })

  test('a cancelled request counts, and has no say in rates', () => {
    const cancelled = aRequest({ status: 'cancelled', blocksHit: 6, ttftMs: 1 })
    const summary = summariseTrial([aRequest(), cancelled], null, null)
    expect(summary).toMatchObject({ requests: 2, failed_requests: 0, block_hit_rate: 0, ttft_ms_p50: 410 })
  })

  test('has exactly the columns, in order, and fits the contract', () => {
    const summary = summariseTrial([aRequest()], null, null)
    expect(Object.keys(summary)).toEqual([...trialMetricNames])
    expect(trialSummary.safeParse(summary).success).toBe(true)
  })
})

test('hops of a request', () => {
  const hops = requestHops({ hopsHistogram: [0, 1, 3, 0, 1] })
  expect(hops).toEqual({ mean: 11 / 5, p95: expect.closeTo(3.6, 12) as number, max: 4 })
  expect(requestHops({ hopsHistogram: [] })).toEqual({ mean: null, p95: null, max: null })
})
