import type { RunDetail, RunEvent, TimelinePoint } from '#shared/contract/console-api'
import type { LineChartSpec, LineSeries } from '../../charts/chart-spec'
import { compareSeries, seriesOf, seriesStyles } from '../../charts/strategy-style'
import { eventLabel, eventTone } from '../../format/events'

type TimelineMetric = Exclude<keyof TimelinePoint, 'trialId' | 'tS' | 'event'>

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

/** The stored timeline of a run, or of one of its trials, as charts. A series a trial; repeats share their style. */
export function timelineSpecs(
  run: RunDetail,
  points: readonly TimelinePoint[],
  events: readonly RunEvent[],
  trialId: string | null,
): LineChartSpec[] {
  const trials = run.trials
    .filter((trial) => trialId === null || trial.trialId === trialId)
    .map((trial) => ({ trial, identity: seriesOf(trial) }))
    .sort((a, b) => compareSeries(a.identity, b.identity) || a.trial.repeat - b.trial.repeat)
  const styles = seriesStyles(run.trials.map(seriesOf))
  const repeats = new Set(run.trials.map((trial) => trial.repeat)).size
  const pointsOf = new Map<string, TimelinePoint[]>()
  for (const point of points) {
    const known = pointsOf.get(point.trialId)
    if (known) known.push(point)
    else pointsOf.set(point.trialId, [point])
  }
  const marked = trialId === null ? [] : eventsOf(run, events, trialId)

  return timelineCharts.map(({ metric, title, unit, scale }) => ({
    title,
    unit,
    xTitle: 'Time since the trial began (s)',
    events: marked,
    series: trials.map(({ trial, identity }): LineSeries => {
      const style = styles.get(identity.key)!
      const label = repeats > 1 ? `${style.label}, repeat ${trial.repeat}` : style.label
      const own = pointsOf.get(trial.trialId) ?? []
      return {
        key: trial.trialId,
        style: { ...style, label },
        points: own.flatMap((point) => {
          const value = point[metric]
          return value === null ? [] : [{ x: point.tS, y: value * scale }]
        }),
        samples: own.reduce((sum, point) => sum + point.requests, 0),
      }
    }),
  }))
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
