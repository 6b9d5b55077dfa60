import type { ReplayJob, ReplayRow } from '#shared/contract/simulation-api'
import { cachePolicies } from '#shared/simulation/replay/block-cache'
import { prefixModelText } from '#shared/simulation/traces/prefix-model'
import type { LineChartSpec, LineSeries } from '../charts/chart-spec'
import { csv } from '../charts/export-csv'
import { ceilingStyle, policyStyle } from './replay-style'

/** Which hit rate is drawn. */
export type HitRate = 'block' | 'token'

const rateOf = (row: ReplayRow, rate: HitRate): number | null =>
  rate === 'block' ? row.blockHitRate : row.tokenHitRate

/** The hit rate of an infinite cache, as soon as it is known. */
export function ceilingOf(job: ReplayJob, rate: HitRate): number | null {
  const row = job.rows.find(({ capacity }) => capacity === null)
  return row ? rateOf(row, rate) : null
}

/** Hit rate against capacity, a line a policy, below the line of an infinite cache. */
export function replaySpec(
  job: ReplayJob,
  rate: HitRate,
  range: NonNullable<LineChartSpec['range']>,
): LineChartSpec {
  const requests = job.rows[0]?.requests ?? 0
  const policies = cachePolicies.filter((policy) =>
    job.question.caches.some((cache) => cache.policy === policy && cache.capacity !== null),
  )
  const lines = policies.map((policy): LineSeries => ({
    key: policy,
    style: policyStyle(policy),
    points: job.rows
      .flatMap((row) => {
        const y = rateOf(row, rate)
        return row.policy === policy && row.capacity !== null && y !== null ? [{ x: row.capacity, y }] : []
      })
      .sort((a, b) => a.x - b.x),
    // Every line is made of the same requests.
    samples: 0,
  }))
  const ceiling = ceilingOf(job, rate)
  const capacities = job.question.caches.flatMap(({ capacity }) => capacity ?? [])
  const ends = capacities.length === 0 ? [] : [Math.min(...capacities), Math.max(...capacities)]
  return {
    title: rate === 'block' ? 'Block hit rate by capacity' : 'Token hit rate by capacity',
    unit: '%',
    xTitle: 'Capacity (blocks)',
    xLog: true,
    range,
    events: [],
    series: [
      {
        key: 'ceiling',
        style: ceilingStyle,
        points: ceiling === null ? [] : [...new Set(ends)].map((x) => ({ x, y: ceiling })),
        samples: requests,
      },
      ...lines,
    ],
  }
}

/** Share of the infinite cache's hits that a cache reached; null where there is none to reach. */
export function shareOfCeiling(job: ReplayJob, row: ReplayRow): number | null {
  const ceiling = job.rows.find(({ capacity }) => capacity === null)
  return ceiling && ceiling.prefixHitBlocks > 0 ? row.prefixHitBlocks / ceiling.prefixHitBlocks : null
}

/** A row a cache with everything that was declared for it: the columns of `skymemory replay --out`. */
export function replayCsv(job: ReplayJob): string {
  const { trace } = job.question
  const finished = job.state.kind === 'finished' ? job.state : null
  const name = trace.path.split(/[\\/]/).at(-1) ?? trace.path
  const header = [
    'trace',
    'format',
    'policy',
    'capacity_blocks',
    'block_tokens',
    'requests',
    'blocks',
    'unique_blocks',
    'prefix_hit_blocks',
    'block_hit_rate',
    'token_hit_rate',
    'evictions',
    'prompt_tokens',
    'hit_tokens',
    'touch_hit_blocks',
    'skipped_lines',
    'prefix_model',
    'arrivals_per_s',
    'arrival_seed',
    'turn_gap_s',
  ]
  return csv(
    header,
    job.rows.map((row) => [
      name,
      finished?.format ?? trace.format ?? '',
      row.policy,
      row.capacity ?? 'inf',
      finished?.blockTokens ?? trace.blockTokens ?? '',
      row.requests,
      row.blocks,
      row.uniqueBlocks,
      row.prefixHitBlocks,
      row.blockHitRate ?? '',
      row.tokenHitRate ?? '',
      row.evictions,
      row.promptTokens,
      row.hitTokens,
      row.touchHitBlocks,
      finished?.skipped.lines ?? '',
      trace.prefixModel ? prefixModelText(trace.prefixModel) : '',
      trace.arrivals?.perSecond ?? '',
      trace.arrivals?.seed ?? '',
      trace.arrivals?.turnGapS ?? '',
    ]),
  )
}
