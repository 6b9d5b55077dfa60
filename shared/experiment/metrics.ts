import type { TrialSummary } from '../contract/console-api'
import {
  addHistograms,
  histogramMax,
  histogramMean,
  histogramQuantile,
  mean,
  measured,
  quantile,
} from '../stats/quantile'
import type { FinishedRecord, RequestRecord, SatelliteCounters } from './records'

/** A request without what only its own page shows. */
export type RequestFigures = Omit<RequestRecord, 'kind' | 'routes'>

/**
 * The metrics of a trial, in the order of trials.csv: the one definition of each (section 8 of the design).
 *
 * Which requests count: `requests` and `failed_requests` count all of the trial, and the counts of what must never happen (half
 * blocks, wrong bytes) include all; every other figure is about the requests that succeeded.
 */
export const trialMetricNames = [
  'requests',
  'failed_requests',
  'block_hit_rate',
  'token_hit_rate',
  'hops_mean',
  'hops_p95',
  'hops_max',
  'lookup_ms_p50',
  'get_ms_p50',
  'get_ms_p95',
  'set_ms_p50',
  'ttft_ms_mean',
  'ttft_ms_p50',
  'ttft_ms_p95',
  'ttft_ms_p99',
  'tpot_ms_p50',
  'e2e_ms_p50',
  'output_tokens_per_s',
  'evicted_chunks',
  'purged_blocks',
  'migrated_chunks',
  'migrated_bytes',
  'harmful_hits',
  'half_blocks_served',
  'wrong_bytes_served',
  'duration_s',
] as const
export type TrialMetric = (typeof trialMetricNames)[number]
export type TrialMetrics = Record<TrialMetric, number | null> & TrialSummary

/**
 * @param satellites counters at the end of the trial; null or empty where none were collected, as in a trial without a cache
 * @param finished null while the trial has not ended, or ended without a word
 */
export function summariseTrial(
  records: readonly RequestFigures[],
  satellites: readonly SatelliteCounters[] | null,
  finished: Pick<FinishedRecord, 'durationS'> | null,
): TrialMetrics {
  const ok = records.filter((record) => record.status === 'ok')
  const lookup = measured(ok.map((record) => record.lookupMs))
  const get = measured(ok.map((record) => record.getMs))
  const set = measured(ok.map((record) => record.setMs))
  const ttft = measured(ok.map((record) => record.ttftMs))
  const tpot = measured(ok.map((record) => record.tpotMs))
  const e2e = measured(ok.map((record) => record.e2eMs))
  const hops = addHistograms(ok.map((record) => record.hopsHistogram))
  const durationS = finished?.durationS ?? null
  return {
    requests: records.length,
    failed_requests: records.filter((record) => record.status === 'failed').length,
    block_hit_rate: blockHitRate(ok),
    token_hit_rate: tokenHitRate(ok),
    hops_mean: histogramMean(hops),
    hops_p95: histogramQuantile(hops, 0.95),
    hops_max: histogramMax(hops),
    lookup_ms_p50: quantile(lookup, 0.5),
    get_ms_p50: quantile(get, 0.5),
    get_ms_p95: quantile(get, 0.95),
    set_ms_p50: quantile(set, 0.5),
    ttft_ms_mean: mean(ttft),
    ttft_ms_p50: quantile(ttft, 0.5),
    ttft_ms_p95: quantile(ttft, 0.95),
    ttft_ms_p99: quantile(ttft, 0.99),
    tpot_ms_p50: quantile(tpot, 0.5),
    e2e_ms_p50: quantile(e2e, 0.5),
    output_tokens_per_s:
      durationS !== null && durationS > 0 ? total(ok, (record) => record.outputTokens) / durationS : null,
    evicted_chunks: totalOrNull(satellites, (satellite) => satellite.evictions),
    purged_blocks: totalOrNull(satellites, (satellite) => satellite.purgedBlocks),
    // Both are counted where they arrive: what a migration loses on the way has not migrated.
    migrated_chunks: totalOrNull(satellites, (satellite) => satellite.migratedIn),
    migrated_bytes: totalOrNull(satellites, (satellite) => satellite.migratedBytes),
    harmful_hits: totalOrNull(ok, (record) => Number(record.harmful)),
    half_blocks_served: totalOrNull(records, (record) => record.halfBlocksServed),
    wrong_bytes_served: records.every((record) => record.wrongBytesServed !== null)
      ? totalOrNull(records, (record) => record.wrongBytesServed ?? 0)
      : null,
    duration_s: durationS,
  }
}

/** Prefix-hit blocks / full blocks of the prompts; null where the prompts had none. 0 without a cache: nothing was hit. */
export function blockHitRate(records: readonly Pick<RequestRecord, 'blocks' | 'blocksHit'>[]): number | null {
  return ratio(
    total(records, (record) => record.blocksHit),
    total(records, (record) => record.blocks),
  )
}

/** Tokens in prefix-hit blocks / tokens of the prompts. */
export function tokenHitRate(
  records: readonly Pick<RequestRecord, 'promptTokens' | 'cachedTokens'>[],
): number | null {
  return ratio(
    total(records, (record) => record.cachedTokens),
    total(records, (record) => record.promptTokens),
  )
}

/** Mean, p95 and max of the links that the request's chunk requests traversed; null where nothing was fetched. */
export function requestHops(record: Pick<RequestRecord, 'hopsHistogram'>): {
  mean: number | null
  p95: number | null
  max: number | null
} {
  return {
    mean: histogramMean(record.hopsHistogram),
    p95: histogramQuantile(record.hopsHistogram, 0.95),
    max: histogramMax(record.hopsHistogram),
  }
}

function total<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((sum, item) => sum + read(item), 0)
}

function totalOrNull<T>(items: readonly T[] | null, read: (item: T) => number): number | null {
  return items === null || items.length === 0 ? null : total(items, read)
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
