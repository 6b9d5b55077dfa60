import type { RunDetail, RunTrial } from '#shared/contract/console-api'
import { seriesOf } from '#shared/experiment/meaning'
import { fixed, table, type Cell } from './table'

/** Factors that have columns of their own. */
const ownColumns = new Set(['cache', 'strategy', 'servers'])

/** Light time of a typical fetch by trial, ms; it is no column of trials.csv. */
export type PropagationByTrial = ReadonlyMap<string, number | null>

/** One line a trial: what a reader wants to compare first. */
export function summaryTable(run: RunDetail, propagation: PropagationByTrial): string {
  const others = [...new Set(run.trials.flatMap((trial) => Object.keys(trial.factors)))].filter(
    (name) => !ownColumns.has(name),
  )
  const repeats = run.trials.some((trial) => trial.repeat > 1)
  const head = [
    'trial',
    ...(repeats ? ['repeat'] : []),
    'series',
    ...others,
    'requests',
    'block hit rate',
    'hops mean',
    'propagation p50 ms',
    'get p50 ms',
    'TTFT p50 ms',
    'TTFT p95 ms',
    'TPOT p50 ms',
    'state',
  ]
  const rows = run.trials.map((trial): Cell[] => [
    trial.trialId,
    ...(repeats ? [trial.repeat] : []),
    seriesOf(trial.parameters) + markOf(run.lab, trial.parameters.link_delay),
    ...others.map((name) => trial.factors[name] ?? null),
    ...metrics(trial, propagation.get(trial.trialId) ?? null),
    trial.state.kind,
  ])
  return table(head, rows)
}

function metrics({ summary }: RunTrial, propagation: number | null): Cell[] {
  return [
    summary?.['requests'] ?? null,
    fixed(summary?.['block_hit_rate'], 3),
    fixed(summary?.['hops_mean'], 2),
    fixed(propagation, 2),
    fixed(summary?.['get_ms_p50'], 1),
    fixed(summary?.['ttft_ms_p50'], 1),
    fixed(summary?.['ttft_ms_p95'], 1),
    fixed(summary?.['tpot_ms_p50'], 2),
  ]
}

/** Times that nobody measured are marked. */
function markOf(lab: string, linkDelay: string): string {
  if (lab === 'simulated') return ' (simulated)'
  return linkDelay === 'virtual' ? ' (virtual)' : ''
}
