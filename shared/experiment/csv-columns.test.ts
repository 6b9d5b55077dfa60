import { describe, expect, test } from 'vitest'
import type { TimelinePoint } from '../contract/console-api'
import { requestColumns, satelliteColumns, timelineColumns, trialColumns } from './csv-columns'
import { planTrials } from './grid'
import { summariseTrial, trialMetricNames } from './metrics'
import { parameterNames } from './parameters'
import type { Experiment } from './schema'
import { aRequest, aSatellite } from './testing/records'

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
        'bytes_written, status, error_code, restore_ms, harmful',
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
      model: null,
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
      model: null,
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

  test('a trial has each metric in its own column; 0 stays 0', () => {
    if (!on) expect.fail('two trials')
    const summary = Object.fromEntries(trialMetricNames.map((name, index) => [name, index]))
    const trial = { ...on, repeat: 2, seed: 77 }
    const row = rowOf(trialColumns, {
      runId: 'r',
      lab: 'simulated',
      trial,
      model: null,
      summary,
      status: 'completed',
      attempt: 3,
    })
    expect(row).toMatchObject({
      ...summary,
      lab: 'simulated',
      run_id: 'r',
      trial_id: on.trialId,
      repeat: 2,
      seed: 77,
      status: 'completed',
      attempt: 3,
    })
  })

  test('requests have times in UTC, hops from their histogram, and each figure in its own column', () => {
    const request = aRequest({
      requestId: 1,
      sessionId: 2,
      turn: 3,
      startedAt: 1_700_000_000_123.4,
      promptTokens: 4,
      outputTokens: 5,
      blocks: 6,
      blocksHit: 7,
      cachedTokens: 8,
      chunksFetched: 9,
      hopsHistogram: [0, 1, 1],
      lookupMs: 10,
      getMs: 11,
      setMs: 12,
      prefillMs: 13,
      restoreMs: 17,
      ttftMs: 14,
      tpotMs: 15,
      e2eMs: 16,
      propagationMs: 17,
      bytesRead: 18,
      bytesWritten: 19,
      status: 'failed',
      errorCode: 'host_down',
      harmful: true,
    })
    expect(rowOf(requestColumns, { runId: 'r', trialId: 't001', request })).toEqual({
      run_id: 'r',
      trial_id: 't001',
      request_id: 1,
      session_id: 2,
      turn: 3,
      started_at: '2023-11-14T22:13:20.123Z',
      prompt_tokens: 4,
      output_tokens: 5,
      blocks: 6,
      blocks_hit: 7,
      cached_tokens: 8,
      chunks_fetched: 9,
      hops_mean: 1.5,
      hops_max: 2,
      lookup_ms: 10,
      get_ms: 11,
      set_ms: 12,
      prefill_ms: 13,
      ttft_ms: 14,
      tpot_ms: 15,
      e2e_ms: 16,
      propagation_ms: 17,
      bytes_read: 18,
      bytes_written: 19,
      status: 'failed',
      error_code: 'host_down',
      restore_ms: 17,
      harmful: 1,
    })
  })

  test('what a request did not measure is empty', () => {
    const request = aRequest({ ttftMs: null })
    expect(rowOf(requestColumns, { runId: 'r', trialId: 't001', request })).toMatchObject({
      hops_mean: null,
      hops_max: null,
      lookup_ms: null,
      get_ms: null,
      set_ms: null,
      ttft_ms: null,
      propagation_ms: null,
      error_code: null,
    })
  })

  test('satellites have each counter in its own column', () => {
    const counters = aSatellite({
      slot: 1,
      plane: 2,
      chunks: 3,
      bytes: 4,
      gets: 5,
      sets: 6,
      misses: 7,
      evictions: 8,
      forwarded: 9,
      migratedIn: 10,
      migratedOut: 11,
      migratedBytes: 12,
      purgedBlocks: 13,
      dropped: 14,
    })
    expect(rowOf(satelliteColumns, { runId: 'r', trialId: 't', host: 'nuc1', counters })).toEqual({
      run_id: 'r',
      trial_id: 't',
      slot: 1,
      plane: 2,
      host: 'nuc1',
      chunks: 3,
      bytes: 4,
      gets: 5,
      sets: 6,
      misses: 7,
      evictions: 8,
      forwarded: 9,
      migrated_in: 10,
      migrated_out: 11,
    })
  })

  test('seconds have each live metric in its own column; nothing that happened is empty', () => {
    const point: TimelinePoint = {
      trialId: 't',
      tS: 0,
      requests: 1,
      blockHitRate: 2,
      tokenHitRate: 3,
      hopsMean: 4,
      ttftMsP50: 5,
      ttftMsP95: 6,
      tpotMsP50: 7,
      outputTokensPerS: 8,
      bytesReadPerS: 9,
      bytesWrittenPerS: 10,
      storedBytes: 11,
      evictedChunks: 12,
      migratedChunks: 13,
      epoch: 14,
      machines: {},
      event: 'host_lost: nuc2',
    }
    expect(rowOf(timelineColumns, { runId: 'r', point })).toEqual({
      run_id: 'r',
      trial_id: 't',
      t_s: 0,
      requests: 1,
      block_hit_rate: 2,
      token_hit_rate: 3,
      hops_mean: 4,
      ttft_ms_p50: 5,
      ttft_ms_p95: 6,
      tpot_ms_p50: 7,
      output_tokens_per_s: 8,
      bytes_read_per_s: 9,
      bytes_written_per_s: 10,
      stored_bytes: 11,
      evicted_chunks: 12,
      migrated_chunks: 13,
      epoch: 14,
      event: 'host_lost: nuc2',
    })
    const quiet = rowOf(timelineColumns, { runId: 'r', point: { ...point, epoch: null, event: '' } })
    expect(quiet).toMatchObject({ epoch: null, event: null })
  })
})
