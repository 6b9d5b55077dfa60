import type { ModelFacts } from '../contract/agent-control'
import type { PlannedTrial, TimelinePoint, TrialSummary } from '../contract/console-api'
import { isMeaningful } from './meaning'
import { requestHops, trialMetricNames, type RequestFigures } from './metrics'
import { parameterNames, type ParameterName } from './parameters'
import type { SatelliteCounters } from './records'

/** A value of a CSV file; null is written as an empty field: not measured, or without meaning. */
export type CsvValue = string | number | null

/** One column: its name in the header line, and how a row's value is found. */
export interface CsvColumn<Row> {
  readonly name: string
  readonly read: (row: Row) => CsvValue
}

const column = <Row>(name: string, read: (row: Row) => CsvValue): CsvColumn<Row> => ({ name, read })

export interface TrialRow {
  readonly runId: string
  /** Where it ran: `local`, `simulated`, or an inventory of hosts. */
  readonly lab: string
  readonly trial: PlannedTrial
  /** The real model that it ran; null with the synthetic engine, and where the trial did not run. */
  readonly model: Pick<ModelFacts, 'kvcBytesPerToken'> | null
  /** Null where the trial did not run. */
  readonly summary: TrialSummary | null
  /** Kind of the trial's state: waiting, running, completed, failed, cancelled, interrupted. */
  readonly status: string
  /** Counts from 1; 0 = never started. */
  readonly attempt: number
}

/** trials.csv. A parameter without meaning in a trial (the strategy of a trial without a cache) is empty. */
export const trialColumns: readonly CsvColumn<TrialRow>[] = [
  column('run_id', (row) => row.runId),
  column('trial_id', (row) => row.trial.trialId),
  column('repeat', (row) => row.trial.repeat),
  column('seed', (row) => row.trial.seed),
  ...parameterNames.map((name) => column<TrialRow>(name, (row) => parameterOf(row, name))),
  ...trialMetricNames.map((name) => column<TrialRow>(name, (row) => row.summary?.[name] ?? null)),
  column('status', (row) => row.status),
  column('attempt', (row) => row.attempt),
  column('lab', (row) => row.lab),
]

function parameterOf({ trial, model }: TrialRow, name: ParameterName): CsvValue {
  if (!isMeaningful(name, trial.parameters)) return null
  // A real model says itself how large its KV is, once it runs.
  const measured = name === 'kvc_bytes_per_token' && trial.parameters.engine === 'llama'
  return measured ? (model?.kvcBytesPerToken ?? null) : trial.parameters[name]
}

export interface RequestRow {
  readonly runId: string
  readonly trialId: string
  readonly request: RequestFigures
}

/** requests.csv. */
export const requestColumns: readonly CsvColumn<RequestRow>[] = [
  column('run_id', (row) => row.runId),
  column('trial_id', (row) => row.trialId),
  column('request_id', (row) => row.request.requestId),
  column('session_id', (row) => row.request.sessionId),
  column('turn', (row) => row.request.turn),
  column('started_at', (row) => isoTime(row.request.startedAt)),
  column('prompt_tokens', (row) => row.request.promptTokens),
  column('output_tokens', (row) => row.request.outputTokens),
  column('blocks', (row) => row.request.blocks),
  column('blocks_hit', (row) => row.request.blocksHit),
  column('cached_tokens', (row) => row.request.cachedTokens),
  column('chunks_fetched', (row) => row.request.chunksFetched),
  column('hops_mean', (row) => requestHops(row.request).mean),
  column('hops_max', (row) => requestHops(row.request).max),
  column('lookup_ms', (row) => row.request.lookupMs),
  column('get_ms', (row) => row.request.getMs),
  column('set_ms', (row) => row.request.setMs),
  column('prefill_ms', (row) => row.request.prefillMs),
  column('ttft_ms', (row) => row.request.ttftMs),
  column('tpot_ms', (row) => row.request.tpotMs),
  column('e2e_ms', (row) => row.request.e2eMs),
  column('propagation_ms', (row) => row.request.propagationMs),
  column('bytes_read', (row) => row.request.bytesRead),
  column('bytes_written', (row) => row.request.bytesWritten),
  column('status', (row) => row.request.status),
  column('error_code', (row) => row.request.errorCode),
  column('restore_ms', (row) => row.request.restoreMs),
  column('harmful', (row) => Number(row.request.harmful)),
]

export interface SatelliteRow {
  readonly runId: string
  readonly trialId: string
  readonly host: string
  readonly counters: SatelliteCounters
}

/** satellites.csv. */
export const satelliteColumns: readonly CsvColumn<SatelliteRow>[] = [
  column('run_id', (row) => row.runId),
  column('trial_id', (row) => row.trialId),
  column('slot', (row) => row.counters.slot),
  column('plane', (row) => row.counters.plane),
  column('host', (row) => row.host),
  column('chunks', (row) => row.counters.chunks),
  column('bytes', (row) => row.counters.bytes),
  column('gets', (row) => row.counters.gets),
  column('sets', (row) => row.counters.sets),
  column('misses', (row) => row.counters.misses),
  column('evictions', (row) => row.counters.evictions),
  column('forwarded', (row) => row.counters.forwarded),
  column('migrated_in', (row) => row.counters.migratedIn),
  column('migrated_out', (row) => row.counters.migratedOut),
]

export interface TimelineRow {
  readonly runId: string
  readonly point: TimelinePoint
}

/** timeline.csv. */
export const timelineColumns: readonly CsvColumn<TimelineRow>[] = [
  column('run_id', (row) => row.runId),
  column('trial_id', (row) => row.point.trialId),
  column('t_s', (row) => row.point.tS),
  column('requests', (row) => row.point.requests),
  column('block_hit_rate', (row) => row.point.blockHitRate),
  column('token_hit_rate', (row) => row.point.tokenHitRate),
  column('hops_mean', (row) => row.point.hopsMean),
  column('ttft_ms_p50', (row) => row.point.ttftMsP50),
  column('ttft_ms_p95', (row) => row.point.ttftMsP95),
  column('tpot_ms_p50', (row) => row.point.tpotMsP50),
  column('output_tokens_per_s', (row) => row.point.outputTokensPerS),
  column('bytes_read_per_s', (row) => row.point.bytesReadPerS),
  column('bytes_written_per_s', (row) => row.point.bytesWrittenPerS),
  column('stored_bytes', (row) => row.point.storedBytes),
  column('evicted_chunks', (row) => row.point.evictedChunks),
  column('migrated_chunks', (row) => row.point.migratedChunks),
  column('epoch', (row) => row.point.epoch),
  column('event', (row) => row.point.event || null),
]

/** ISO 8601 in UTC with milliseconds. */
export function isoTime(unixMs: number): string {
  return new Date(unixMs).toISOString()
}
