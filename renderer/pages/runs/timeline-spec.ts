import type { RunDetail, RunEvent, TimelinePoint } from '#shared/contract/console-api'
import { mean } from '#shared/stats/quantile'
import type { Point } from '../../charts/binned-values'
import type { LineChartSpec, LineSeries } from '../../charts/chart-spec'
import { compareSeries, seriesOf, seriesStyles } from '../../charts/strategy-style'
import { machineSpecs } from '../../charts/machine-charts'
import { eventLabel, eventTone } from '../../format/events'

type TimelineMetric = Exclude<keyof TimelinePoint, 'trialId' | 'tS' | 'event' | 'machines'>

const timeTitle = 'Time since the trial began (s)'

export const timelineCharts: readonly {
  metric: TimelineMetric
  title: string
  unit: string
  scale: number
}[] = [
  { metric: 'blockHitRate', title: 'Block hit rate', unit: '%', scale: 1 },
  { metric: 'ttftMsP50', title: 'TTFT p50', unit: 'ms', scale: 1 },
  { metric: 'ttftMsP95', title: 'TTFT p95', unit: 'ms', scale: 1 },
  { metric: 'tpotMsP50', title: 'TPOT p50', unit: 'ms', scale: 1 },
  { metric: 'hopsMean', title: 'Hops per chunk', unit: 'hops', scale: 1 },
  { metric: 'outputTokensPerS', title: 'Throughput', unit: 'tokens/s', scale: 1 },
  { metric: 'bytesReadPerS', title: 'Read from the cache', unit: 'MiB/s', scale: 1 / 1_048_576 },
  { metric: 'storedBytes', title: 'Stored in the constellation', unit: 'MiB', scale: 1 / 1_048_576 },
  { metric: 'migratedChunks', title: 'Migrated', unit: 'chunks', scale: 1 },
]

/**
 * The stored timeline of a run as charts: a line for each series, the mean over its trials second by second. Or one trial alone,
 * with its events.
 */
export function timelineSpecs(
  run: RunDetail,
  points: readonly TimelinePoint[],
  events: readonly RunEvent[],
  trialId: string | null,
): LineChartSpec[] {
  const styles = seriesStyles(run.trials.map((trial) => seriesOf(trial, run.lab)))
  const pointsOf = groupBy(points, (point) => point.trialId)
  const shown = run.trials.filter((trial) => trialId === null || trial.trialId === trialId)
  const series = [...groupBy(shown, (trial) => seriesOf(trial, run.lab).key)]
    .map(([key, trials]) => ({ key, identity: seriesOf(trials[0]!, run.lab), trials }))
    .sort((a, b) => compareSeries(a.identity, b.identity))
  const marked = trialId === null ? [] : eventsOf(run, events, trialId)

  return timelineCharts.map(({ metric, title, unit, scale }) => ({
    title,
    unit,
    xTitle: timeTitle,
    events: marked,
    series: series.map(({ key, trials }): LineSeries => {
      const own = trials.flatMap((trial) => pointsOf.get(trial.trialId) ?? [])
      const samples = own.reduce((sum, point) => sum + point.requests, 0)
      return { key, style: styles.get(key)!, points: meansBySecond(own, metric, scale), samples }
    }),
  }))
}

/** What the machines under the lab did: the mean over all trials second by second, or one trial alone, with its events. */
export function machineTimelineSpecs(
  run: RunDetail,
  points: readonly TimelinePoint[],
  events: readonly RunEvent[],
  trialId: string | null,
): LineChartSpec[] {
  const shown = points.filter((point) => trialId === null || point.trialId === trialId)
  return machineSpecs(
    shown.flatMap(({ tS, machines }) =>
      Object.entries(machines).map(([machine, load]) => ({ x: tS, machine, load })),
    ),
    timeTitle,
    trialId === null ? [] : eventsOf(run, events, trialId),
  )
}

function meansBySecond(points: readonly TimelinePoint[], metric: TimelineMetric, scale: number): Point[] {
  const bySecond = new Map<number, number[]>()
  for (const point of points) {
    const value = point[metric]
    if (value === null) continue
    const known = bySecond.get(point.tS)
    if (known) known.push(value)
    else bySecond.set(point.tS, [value])
  }
  return [...bySecond].sort(([a], [b]) => a - b).map(([x, values]) => ({ x, y: mean(values)! * scale }))
}

function eventsOf(run: RunDetail, events: readonly RunEvent[], trialId: string): LineChartSpec['events'] {
  const state = run.trials.find((trial) => trial.trialId === trialId)?.state
  const told = events.findLast((event) => event.trialId === trialId && event.name === 'trial_started')?.at
  const start = told ?? (state?.kind === 'running' || state?.kind === 'completed' ? state.startedAt : null)
  if (start === null || start === undefined) return []
  return events
    .filter((event) => event.trialId === trialId && event.name !== 'trial_started' && event.at >= start)
    .map((event) => ({
      x: (event.at - start) / 1000,
      label: `${eventLabel(event.name)}: ${event.message}`,
      severity: eventTone(event.name) === 'bad' ? ('fault' as const) : ('note' as const),
    }))
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const known = groups.get(key)
    if (known) known.push(item)
    else groups.set(key, [item])
  }
  return groups
}
