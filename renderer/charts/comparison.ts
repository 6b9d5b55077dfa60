import { lightPicture, svgMarker, svgPicture, svgText, type PictureColours } from '#shared/charts/svg'
import { extent, niceTicks } from '#shared/charts/ticks'
import type { RunTrial } from '#shared/contract/console-api'
import type { TrialMetric } from '#shared/experiment/metrics'
import { meanInterval } from '#shared/stats/confidence'
import { metricViews } from '../format/metrics'
import { formatNumber } from '../format/units'
import { csv } from './export-csv'
import { compareSeries, seriesOf, seriesStyles, type SeriesStyle } from './strategy-style'

/** One metric over the series of a run: a bar a series, its trials as dots, the 95 % confidence interval of their mean. */
export interface ComparisonSpec {
  readonly title: string
  readonly unit: string
  readonly metric: TrialMetric
  readonly rows: readonly ComparisonRow[]
}

export interface ComparisonRow {
  readonly key: string
  readonly style: SeriesStyle
  /** Mean over the trials of the series. */
  readonly mean: number
  /** Half the width of the interval; null below two trials. */
  readonly halfWidth: number | null
  /** A value for each completed trial. */
  readonly values: readonly number[]
  /** Requests behind the values. */
  readonly samples: number
}

/** Series without a value of the metric have no row: not measured is not 0. */
export function comparisonOf(trials: readonly RunTrial[], metric: TrialMetric): ComparisonSpec {
  const bySeries = new Map<string, { identity: ReturnType<typeof seriesOf>; trials: RunTrial[] }>()
  for (const trial of trials) {
    const identity = seriesOf(trial)
    const known = bySeries.get(identity.key)
    if (known) known.trials.push(trial)
    else bySeries.set(identity.key, { identity, trials: [trial] })
  }
  const series = [...bySeries.values()].sort((a, b) => compareSeries(a.identity, b.identity))
  const styles = seriesStyles(series.map((one) => one.identity))
  const rows = series.flatMap((one): ComparisonRow[] => {
    const counted = one.trials.filter((trial) => trial.state.kind === 'completed')
    const values = counted.flatMap((trial) => trial.summary?.[metric] ?? [])
    const interval = meanInterval(values)
    if (!interval) return []
    const samples = counted.reduce((sum, trial) => sum + (trial.summary?.['requests'] ?? 0), 0)
    const { key } = one.identity
    return [
      { key, style: styles.get(key)!, mean: interval.mean, halfWidth: interval.halfWidth, values, samples },
    ]
  })
  const { label, unit } = metricViews[metric]
  return { title: label, unit, metric, rows }
}

/** Ends of the value axis: from 0, or around the values (`fit`). Shares end at 1. */
export function comparisonAxis(spec: ComparisonSpec, fit: boolean): readonly [number, number] {
  const range = extent(
    spec.rows.flatMap((row) => [
      ...row.values,
      row.mean - (row.halfWidth ?? 0),
      row.mean + (row.halfWidth ?? 0),
    ]),
  )
  if (!range) return [0, 1]
  const share = metricViews[spec.metric].share
  if (fit && range[1] > range[0]) {
    const margin = (range[1] - range[0]) * 0.1
    return [Math.max(0, range[0] - margin), range[1] + margin]
  }
  const high = share ? 1 : range[1]
  return [0, high > 0 ? high : 1]
}

export function comparisonCsv(spec: ComparisonSpec): string {
  const unit = spec.unit === '%' ? 'share' : spec.unit
  const name = unit === '' ? spec.title : `${spec.title} (${unit})`
  return csv(
    ['series', 'delay', 'trials', 'requests', `${name}, mean`, 'ci95_half_width'],
    spec.rows.map((row) => [
      row.style.label,
      row.style.virtual ? 'virtual' : 'measured',
      row.values.length,
      row.samples,
      row.mean,
      row.halfWidth ?? '',
    ]),
  )
}

export function comparisonSvg(spec: ComparisonSpec, colours: PictureColours = lightPicture): string {
  const width = 960
  const rowHeight = 32
  const plot = { left: 230, right: width - 110, top: 56 }
  const bottom = plot.top + spec.rows.length * rowHeight
  const [low, high] = comparisonAxis(spec, false)
  const scale = spec.unit === '%' ? 100 : 1
  const toX = (value: number): number => plot.left + ((value - low) / (high - low)) * (plot.right - plot.left)
  const samples = spec.rows.reduce((sum, row) => sum + row.samples, 0)
  const parts = [
    svgText(24, 28, spec.unit === '' ? spec.title : `${spec.title} (${spec.unit})`, colours.text, {
      size: 15,
      weight: 600,
    }),
    svgText(width - 24, 28, `n = ${formatNumber(samples)} requests`, colours.muted, { anchor: 'end' }),
  ]
  for (const tick of niceTicks(low * scale, high * scale, 6)) {
    const x = toX(tick / scale).toFixed(1)
    parts.push(
      `<line x1="${x}" y1="${plot.top}" x2="${x}" y2="${bottom}" stroke="${colours.grid}"/>`,
      svgText(Number(x), bottom + 18, formatNumber(tick), colours.muted, { anchor: 'middle' }),
    )
  }
  spec.rows.forEach((row, i) => {
    const y = plot.top + (i + 0.5) * rowHeight
    const paint = row.style.virtual
      ? `fill="none" stroke="${row.style.colour}"`
      : `fill="${row.style.colour}" fill-opacity="0.75"`
    parts.push(
      svgText(plot.left - 12, y + 4, row.style.label, colours.text, { anchor: 'end' }),
      `<rect x="${plot.left}" y="${y - 8}" width="${Math.max(0, toX(row.mean) - plot.left).toFixed(1)}" height="16" ${paint}/>`,
      ...row.values.map((value) =>
        svgMarker(
          row.style.marker,
          toX(value),
          y,
          { ...row.style, colour: colours.text, virtual: true },
          2.6,
        ),
      ),
      svgText(width - 24, y + 4, formatNumber(row.mean * scale), colours.text, {
        anchor: 'end',
        weight: 600,
      }),
    )
    if (row.halfWidth !== null) {
      const from = toX(row.mean - row.halfWidth).toFixed(1)
      const to = toX(row.mean + row.halfWidth).toFixed(1)
      parts.push(
        `<path d="M${from} ${y}H${to}M${from} ${y - 5}V${y + 5}M${to} ${y - 5}V${y + 5}" stroke="${colours.text}" fill="none"/>`,
      )
    }
  })
  parts.push(
    svgText(
      24,
      bottom + 42,
      'Bars: mean over trials. Markers: trials. Whiskers: 95 % confidence interval of the mean.',
      colours.muted,
      { size: 11 },
    ),
  )
  return svgPicture(width, bottom + 58, colours, parts)
}
