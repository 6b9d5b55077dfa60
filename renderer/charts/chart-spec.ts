import { extent } from '#shared/charts/ticks'
import type { Point } from './binned-values'
import type { SeriesStyle } from './strategy-style'

/** What a line chart shows. Plain data: the same object feeds the canvas, the table, the image and the CSV file. */
export interface LineChartSpec {
  readonly title: string
  /** Unit of y; `%` where y is a share and the axis shows per cent. */
  readonly unit: string
  readonly xTitle: string
  readonly series: readonly LineSeries[]
  readonly events: readonly ChartEvent[]
}

export interface LineSeries {
  readonly key: string
  readonly style: SeriesStyle
  /** Ascending in x. */
  readonly points: readonly Point[]
  /** Samples behind the points. */
  readonly samples: number
}

/** Something that happened at a moment of the chart. */
export interface ChartEvent {
  readonly x: number
  readonly label: string
  readonly severity: 'note' | 'fault'
}

export function sampleCount(spec: Pick<LineChartSpec, 'series'>): number {
  return spec.series.reduce((sum, series) => sum + series.samples, 0)
}

/** What a reader without the picture needs: range and last value of each series. */
export function describeChart(spec: LineChartSpec, format: (y: number) => string): string {
  const parts = spec.series
    .filter((series) => series.points.length > 0)
    .map((series) => {
      const range = extent(series.points.map((point) => point.y))!
      const last = series.points.at(-1)!.y
      return `${series.style.label}: last ${format(last)}, from ${format(range[0])} to ${format(range[1])}`
    })
  const head = `${spec.title}, ${sampleCount(spec)} samples.`
  return parts.length === 0 ? `${head} No values yet.` : `${head} ${parts.join('; ')}.`
}
