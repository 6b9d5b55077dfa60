import type { TrialMetric } from '#shared/experiment/metrics'
import {
  formatBytes,
  formatDuration,
  formatInteger,
  formatMs,
  formatNumber,
  formatShare,
  type MaybeNumber,
} from './units'

/** How a metric of a trial is named and written on screen. The definitions themselves are the engine's. */
export interface MetricView {
  readonly label: string
  /** For axes and headers; empty where the values carry their unit. */
  readonly unit: string
  readonly help: string
  readonly format: (value: MaybeNumber) => string
  /** Share of a chart's axis: 0..1 shown as per cent. */
  readonly share: boolean
}

function view(
  label: string,
  unit: string,
  help: string,
  format: MetricView['format'] = formatNumber,
  share = false,
): MetricView {
  return { label, unit, help, format, share }
}

export const metricViews: Record<TrialMetric, MetricView> = {
  requests: view('Requests', '', 'Requests of the trial.', formatInteger),
  failed_requests: view('Failed', '', 'Requests that failed.', formatInteger),
  block_hit_rate: view(
    'Block hit rate',
    '%',
    'Prefix-hit blocks over full blocks of the prompts.',
    formatShare,
    true,
  ),
  token_hit_rate: view(
    'Token hit rate',
    '%',
    'Tokens in prefix-hit blocks over prompt tokens.',
    formatShare,
    true,
  ),
  hops_mean: view('Hops, mean', 'hops', 'Links traversed by the request of a fetched chunk, one way.'),
  hops_p95: view('Hops, p95', 'hops', 'Links traversed by the request of a fetched chunk, one way.'),
  hops_max: view('Hops, max', 'hops', 'Links traversed by the request of a fetched chunk, one way.'),
  lookup_ms_p50: view(
    'Lookup, p50',
    'ms',
    'From the first lookup packet sent to the last answer needed.',
    formatMs,
  ),
  get_ms_p50: view('Get, p50', 'ms', 'From the first chunk asked for to the last one needed.', formatMs),
  get_ms_p95: view('Get, p95', 'ms', 'From the first chunk asked for to the last one needed.', formatMs),
  set_ms_p50: view('Set, p50', 'ms', 'From the first chunk sent to the last acknowledgement.', formatMs),
  ttft_ms_mean: view('TTFT, mean', 'ms', 'From the request accepted to the first output token.', formatMs),
  ttft_ms_p50: view('TTFT, p50', 'ms', 'From the request accepted to the first output token.', formatMs),
  ttft_ms_p95: view('TTFT, p95', 'ms', 'From the request accepted to the first output token.', formatMs),
  ttft_ms_p99: view('TTFT, p99', 'ms', 'From the request accepted to the first output token.', formatMs),
  tpot_ms_p50: view('TPOT, p50', 'ms', '(End to end − TTFT) / (output tokens − 1).', formatMs),
  e2e_ms_p50: view('End to end, p50', 'ms', 'From the request accepted to the last output token.', formatMs),
  output_tokens_per_s: view('Throughput', 'tokens/s', 'Output tokens of the trial over its duration.'),
  evicted_chunks: view('Evicted', 'chunks', 'Chunks evicted because a satellite was full.', formatInteger),
  purged_blocks: view('Purged', 'blocks', 'Blocks removed because a chunk of them was lost.', formatInteger),
  migrated_chunks: view('Migrated', 'chunks', 'Chunks moved by rotations.', formatInteger),
  migrated_bytes: view('Migrated', 'B', 'Bytes moved by rotations.', formatBytes),
  harmful_hits: view(
    'Harmful hits',
    '',
    'Lookup + get took longer than computing the hit tokens would have.',
    formatInteger,
  ),
  half_blocks_served: view(
    'Half blocks served',
    '',
    'Incomplete blocks handed to the engine: must be 0.',
    formatInteger,
  ),
  wrong_bytes_served: view(
    'Wrong bytes served',
    '',
    'Bytes handed to the engine that are not what it computed: must be 0.',
    formatInteger,
  ),
  duration_s: view('Duration', 's', 'Time that the trial ran, pauses left out.', formatDuration),
}

/** The columns of tables, in order; the rest is one click away. */
export const mainMetrics: readonly TrialMetric[] = [
  'block_hit_rate',
  'hops_mean',
  'ttft_ms_p50',
  'ttft_ms_p95',
  'tpot_ms_p50',
  'output_tokens_per_s',
  'duration_s',
]

/** What the comparison of a run shows first. */
export const comparedMetrics: readonly TrialMetric[] = [
  'block_hit_rate',
  'ttft_ms_p50',
  'ttft_ms_p95',
  'hops_mean',
  'get_ms_p50',
  'output_tokens_per_s',
]
