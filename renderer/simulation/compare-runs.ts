import type { RunDetail, RunEvent, RunSummary, TimelinePoint } from '#shared/contract/console-api'
import type { TrialMetric } from '#shared/experiment/metrics'
import type { LineChartSpec, LineSeries } from '../charts/chart-spec'
import { comparisonOf, type ComparisonRow, type ComparisonSpec } from '../charts/comparison'
import { csv } from '../charts/export-csv'
import { compareSeries, originOf, seriesOf, simulatedLab, type SeriesStyle } from '../charts/strategy-style'
import { metricViews } from '../format/metrics'
import { timelineSpecs } from '../pages/runs/timeline-spec'

/** One of two runs that are laid beside each other. */
export interface Side {
  readonly run: RunDetail
  readonly points: readonly TimelinePoint[]
  readonly events: readonly RunEvent[]
}

/** How the two are told apart in every label: by where they come from, or by letters where that is the same. */
export function sideNames(a: RunSummary, b: RunSummary): readonly [string, string] {
  const [first, second] = [nameOf(a), nameOf(b)]
  return first === second ? [`${first} A`, `${second} B`] : [first, second]
}

const nameOf = (run: RunSummary): string => (run.lab === simulatedLab ? 'simulated' : 'lab')

/** A series without the words that say where it comes from: what both runs call it. */
function plainLabel(label: string): string {
  return label
    .split(' · ')
    .filter((part) => part !== 'simulated')
    .join(' · ')
}

function namedStyle(style: SeriesStyle, side: string): SeriesStyle {
  // Thin lines for what is simulated: measured ones stand in front of them.
  const width = style.simulated === true ? 1.25 : style.width
  return { ...style, width, label: `${plainLabel(style.label)} · ${side}` }
}

/** One metric of both runs as bars, the same series beside each other. */
export function comparedBars(
  sides: readonly [Side, Side],
  names: readonly [string, string],
  metric: TrialMetric,
): ComparisonSpec {
  const [a, b] = sides.map(({ run }) => comparisonOf(run.trials, metric, run.lab)) as [
    ComparisonSpec,
    ComparisonSpec,
  ]
  const rows = [...namedRows(a, 'a', names[0]), ...namedRows(b, 'b', names[1])]
  const order = seriesOrder(sides)
  const place = (row: ComparisonRow): number => order.indexOf(seriesName(row.style.label))
  // Sorting keeps the order of what is equal: the first run stands above the second.
  return { ...a, rows: rows.sort((one, other) => place(one) - place(other)) }
}

function namedRows(spec: ComparisonSpec, side: string, name: string): ComparisonRow[] {
  return spec.rows.map((row) => ({ ...row, key: `${side} ${row.key}`, style: namedStyle(row.style, name) }))
}

/** The label of a series without its run. */
function seriesName(label: string): string {
  return label.slice(0, label.lastIndexOf(' · '))
}

/** Labels of all series of both runs, in the order of legends. */
function seriesOrder(sides: readonly [Side, Side]): string[] {
  const all = sides.flatMap(({ run }) => run.trials.map((trial) => seriesOf(trial, run.lab)))
  return [...new Set(all.sort(compareSeries).map(({ label }) => plainLabel(label)))]
}

/** Metrics over time that are drawn of both runs. */
const comparedTitles = ['Block hit rate', 'TTFT p50', 'Hops per chunk']

/** Timelines of both runs in the same charts. */
export function comparedLines(
  sides: readonly [Side, Side],
  names: readonly [string, string],
): LineChartSpec[] {
  const [a, b] = sides.map(({ run, points, events }) => timelineSpecs(run, points, events, null)) as [
    LineChartSpec[],
    LineChartSpec[],
  ]
  return a.flatMap((spec, i) => {
    if (!comparedTitles.includes(spec.title)) return []
    const series = [...namedSeries(spec, 'a', names[0]), ...namedSeries(b[i]!, 'b', names[1])]
    return [{ ...spec, events: [], series }]
  })
}

function namedSeries(spec: LineChartSpec, side: string, name: string): LineSeries[] {
  return spec.series.map((one) => ({ ...one, key: `${side} ${one.key}`, style: namedStyle(one.style, name) }))
}

/** Two values of one series, and how far the second is from the first. */
export interface Difference {
  readonly series: string
  readonly first: ComparisonRow
  readonly second: ComparisonRow
  /** (second - first) / first; null where the first is 0. */
  readonly relative: number | null
}

/** The series that both runs have. */
export function differencesOf(spec: ComparisonSpec): Difference[] {
  return spec.rows.flatMap((first) => {
    if (!first.key.startsWith('a ')) return []
    const series = seriesName(first.style.label)
    const second = spec.rows.find((row) => row.key.startsWith('b ') && seriesName(row.style.label) === series)
    if (!second) return []
    const relative = first.mean === 0 ? null : (second.mean - first.mean) / first.mean
    return [{ series, first, second, relative }]
  })
}

/** Every bar of every metric, with where its numbers come from. */
export function comparedCsv(sides: readonly [Side, Side], specs: readonly ComparisonSpec[]): string {
  return csv(
    ['run_id', 'run', 'origin', 'series', 'metric', 'trials', 'requests', 'mean', 'ci95_half_width'],
    specs.flatMap((spec) =>
      spec.rows.map((row) => {
        const { run } = row.key.startsWith('a ') ? sides[0] : sides[1]
        return [
          run.runId,
          run.name,
          originOf(row.style),
          seriesName(row.style.label),
          spec.metric,
          row.values.length,
          row.samples,
          row.mean,
          row.halfWidth ?? '',
        ]
      }),
    ),
  )
}

/** A difference as a reader takes it: with its sign, in per cent. */
export function differenceText({ relative }: Difference, metric: TrialMetric): string {
  if (relative === null) return metricViews[metric].share ? '±0' : '–'
  const percent = (relative * 100).toFixed(1)
  if (Number(percent) === 0) return '0.0\u00a0%'
  return `${relative > 0 ? '+' : ''}${percent}\u00a0%`
}
