import type { ReplayedCache, ReplayOutcome } from '#lab/simulation/replay/replay-file'
import type { CsvColumn } from '#shared/experiment/csv-columns'
import type { ReplayFigures } from '#shared/simulation/replay/replay'
import { prefixModelText } from '#shared/simulation/traces/prefix-model'
import { fixed, table } from '../output/table'

/** What a replay against one cache is reported with: its figures, and everything that was declared for it. */
export interface ReplayRow {
  readonly trace: string
  readonly cache: ReplayedCache
  readonly figures: ReplayFigures
  readonly outcome: ReplayOutcome
}

export function replayRows(
  trace: string,
  caches: readonly ReplayedCache[],
  outcome: ReplayOutcome,
): ReplayRow[] {
  return caches.map((cache, index) => ({
    trace,
    cache,
    figures: outcome.figures[index] as ReplayFigures,
    outcome,
  }))
}

export const capacityText = (capacity: number): number | 'inf' => (capacity === Infinity ? 'inf' : capacity)

function prefixModelOf({ outcome: { settings } }: ReplayRow): string | null {
  return settings.prefixModel ? prefixModelText(settings.prefixModel) : null
}

/** The object of `--json`: the figures first, in the order that other programs expect. */
export function replayJson(row: ReplayRow): object {
  const { figures, cache, outcome } = row
  const { settings, tally } = outcome
  return {
    requests: figures.requests,
    blocks: figures.blocks,
    uniqueBlocks: figures.uniqueBlocks,
    prefixHitBlocks: figures.prefixHitBlocks,
    blockHitRate: figures.blockHitRate,
    tokenHitRate: figures.tokenHitRate,
    evictions: figures.evictions,
    policy: cache.policy,
    capacityBlocks: capacityText(cache.capacity),
    promptTokens: figures.promptTokens,
    hitTokens: figures.hitTokens,
    touchHitBlocks: figures.touchHitBlocks,
    format: settings.format,
    blockTokens: settings.blockTokens,
    prefixModel: prefixModelOf(row),
    arrivals: settings.arrivals ?? null,
    sessionTurns: settings.sessionTurns ?? null,
    declaredOutputTokens: settings.outputTokens ?? null,
    sorted: !settings.inOrder,
    skippedLines: tally.skippedLines,
  }
}

const column = (name: string, read: CsvColumn<ReplayRow>['read']): CsvColumn<ReplayRow> => ({ name, read })

/** Columns of the CSV file, a row a cache. */
export const replayColumns: readonly CsvColumn<ReplayRow>[] = [
  column('trace', ({ trace }) => trace),
  column('format', ({ outcome }) => outcome.settings.format),
  column('policy', ({ cache }) => cache.policy),
  column('capacity_blocks', ({ cache }) => capacityText(cache.capacity)),
  column('block_tokens', ({ outcome }) => outcome.settings.blockTokens),
  column('requests', ({ figures }) => figures.requests),
  column('blocks', ({ figures }) => figures.blocks),
  column('unique_blocks', ({ figures }) => figures.uniqueBlocks),
  column('prefix_hit_blocks', ({ figures }) => figures.prefixHitBlocks),
  column('block_hit_rate', ({ figures }) => figures.blockHitRate),
  column('token_hit_rate', ({ figures }) => figures.tokenHitRate),
  column('evictions', ({ figures }) => figures.evictions),
  column('prompt_tokens', ({ figures }) => figures.promptTokens),
  column('hit_tokens', ({ figures }) => figures.hitTokens),
  column('touch_hit_blocks', ({ figures }) => figures.touchHitBlocks),
  column('skipped_lines', ({ outcome }) => outcome.tally.skippedLines),
  column('prefix_model', prefixModelOf),
  column('arrivals_per_s', ({ outcome }) => outcome.settings.arrivals?.perSecond ?? null),
  column('arrival_seed', ({ outcome }) => outcome.settings.arrivals?.seed ?? null),
  column('turn_gap_s', ({ outcome }) => outcome.settings.arrivals?.turnGapS ?? null),
  column('session_turns', ({ outcome }) => outcome.settings.sessionTurns ?? null),
  column('declared_output_tokens', ({ outcome }) => outcome.settings.outputTokens ?? null),
]

export function replayTable(rows: readonly ReplayRow[]): string {
  return table(
    ['policy', 'capacity blocks', 'prefix-hit blocks', 'block hit rate', 'token hit rate', 'evictions'],
    rows.map(({ cache, figures }) => [
      cache.policy,
      capacityText(cache.capacity),
      figures.prefixHitBlocks,
      fixed(figures.blockHitRate, 6),
      fixed(figures.tokenHitRate, 6),
      figures.evictions,
    ]),
  )
}

/** What the table is about: the trace and everything that was declared for it. */
export function replayHeadline({ trace, figures, outcome }: ReplayRow): string {
  const { settings, tally } = outcome
  const { prefixModel, arrivals, sessionTurns, outputTokens } = settings
  const parts = [
    `${trace} (${settings.format})`,
    `${figures.requests} requests`,
    `${figures.blocks} blocks of ${settings.blockTokens} tokens`,
    `${figures.uniqueBlocks} distinct`,
  ]
  if (prefixModel) parts.push(`declared prefix model ${prefixModelText(prefixModel)}`)
  if (arrivals) {
    parts.push(
      `declared arrivals ${arrivals.perSecond}/s, seed ${arrivals.seed}, ${arrivals.turnGapS} s between turns`,
    )
  }
  if (sessionTurns) parts.push(`declared session turns ${sessionTurns}`)
  if (outputTokens !== undefined) parts.push(`declared ${outputTokens} tokens an answer`)
  if (tally.skippedLines > 0) parts.push(`${tally.skippedLines} lines skipped`)
  return parts.join(' | ')
}
