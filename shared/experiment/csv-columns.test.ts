import { describe, expect, test } from 'vitest'
import { requestColumns, satelliteColumns, timelineColumns, trialColumns } from './csv-columns'
import { planTrials } from './grid'
import { summariseTrial } from './metrics'
import { parameterNames } from './parameters'
import type { Experiment } from './schema'
import { aRequest, aSatellite } from './testing/records'
import { binTimeline } from './timeline'

const names = (columns: readonly { name: string }[]): string =>
  columns.map((column) => column.name).join(', ')
const rowOf = <Row>(columns: readonly { name: string; read(row: Row): unknown }[], row: Row) =>
  Object.fromEntries(columns.map((column) => [column.name, column.read(row)]))

const experiment: Experiment = {
  name: 'A',
  description: '',
  seed: 3,
  repeats: 1,
  lab: 'local',
  parameters: {},
  factors: { cache: ['off', 'skymemory'], servers: [9] },
}
const [off, on] = planTrials(experiment)

describe('header lines are those of the reports', () => {
  test('trials.csv', () => {
    expect(names(trialColumns)).toBe(
      `run_id, trial_id, repeat, seed, ${parameterNames.join(', ')}, requests, failed_requests, block_hit_rate, ` +
        'token_hit_rate, hops_mean, hops_p95, hops_max, lookup_ms_p50, get_ms_p50, get_ms_p95, set_ms_p50, ttft_ms_mean, ttft_ms_p50, ttft_ms_p95, ' +
        'ttft_ms_p99, tpot_ms_p50, e2e_ms_p50, output_tokens_per_s, evicted_chunks, purged_blocks, migrated_chunks, migrated_bytes, ' +
        'harmful_hits, half_blocks_served, wrong_bytes_served, duration_s, status, attempt, lab',
    )
  })
  test('requests.csv', () => {
    expect(names(requestColumns)).toBe(
      'run_id, trial_id, request_id, session_id, turn, started_at, prompt_tokens, output_tokens, blocks, blocks_hit, cached_tokens, ' +
        'chunks_fetched, hops_mean, hops_max, lookup_ms, get_ms, set_ms, prefill_ms, ttft_ms, tpot_ms, e2e_ms, propagation_ms, bytes_read, ' +
        'bytes_written, status, error_code',
    )
  })
  test('satellites.csv', () => {
    expect(names(satelliteColumns)).toBe(
      'run_id, trial_id, slot, plane, host, chunks, bytes, gets, sets, misses, evictions, forwarded, migrated_in, migrated_out',
    )
  })
  test('timeline.csv', () => {
    expect(names(timelineColumns)).toMatch(/^run_id, trial_id, t_s, requests, block_hit_rate, /)
    const columns = [trialColumns, requestColumns, satelliteColumns, timelineColumns]
    for (const list of columns) {
      expect(new Set(list.map(({ name }) => name)).size).toBe(list.length)
      expect(list.every(({ name }) => /^[a-z][a-z0-9_]*$/.test(name))).toBe(true)
    }
  })
})

describe('rows', () => {
  test('a baseline leaves what has no meaning empty', () => {
    if (!off || !on) expect.fail('two trials')
    const summary = summariseTrial([aRequest()], null, { durationS: 2 })
    const baseline = rowOf(trialColumns, {
      runId: 'r',
      lab: 'local',
      trial: off,
      summary,
      status: 'completed',
      attempt: 1,
    })
    expect(baseline).toMatchObject({
      cache: 'off',
      strategy: null,
      servers: null,
      block_tokens: null,
      chunk_bytes: null,
      slots: null,
      centre_slot: null,
      los_planes: null,
      altitude_m: null,
      geometry: null,
      rotation_period_s: null,
      link_delay: null,
      sessions: 16,
      engine: 'synthetic',
      prefill_tokens_per_s: 2000,
      duration_s: 2,
      hops_mean: null,
      status: 'completed',
    })
    const cached = rowOf(trialColumns, {
      runId: 'r',
      lab: 'local',
      trial: on,
      summary: null,
      status: 'failed',
      attempt: 2,
    })
    expect(cached).toMatchObject({
      servers: 9,
      link_delay: 'off',
      requests: null,
      ttft_ms_p50: null,
      attempt: 2,
    })
  })

  test('requests have times in UTC and hops from their histogram', () => {
    const request = aRequest({ startedAt: 1_700_000_000_123.4, hopsHistogram: [0, 1, 1] })
    expect(rowOf(requestColumns, { runId: 'r', trialId: 't001', request })).toMatchObject({
      started_at: '2023-11-14T22:13:20.123Z',
      hops_mean: 1.5,
      hops_max: 2,
      get_ms: null,
      error_code: null,
    })
  })

  test('satellites and seconds', () => {
    const counters = aSatellite({ slot: 3, migratedIn: 4 })
    expect(rowOf(satelliteColumns, { runId: 'r', trialId: 't', host: 'nuc1', counters })).toMatchObject({
      slot: 3,
      host: 'nuc1',
      migrated_in: 4,
    })
    const [point] = binTimeline({
      trialId: 't',
      startedAt: 0,
      requests: [aRequest({ startedAt: 0 })],
      events: [],
      samples: [],
    })
    if (!point) expect.fail('a point')
    expect(rowOf(timelineColumns, { runId: 'r', point })).toMatchObject({
      t_s: 0,
      ttft_ms_p50: 410,
      event: null,
      epoch: null,
    })
  })
})
