import type { Point } from './binned-values'
import type { SeriesStyle } from './strategy-style'

/** What a line chart shows. Plain data: the same object feeds the canvas, the table, the image and the CSV file. */
export interface LineChartSpec {
  readonly title: string
  /** Unit of y; `%` where y is a share and the axis shows per cent. */
  readonly unit: string
  readonly xTitle: string
  /** Axes go around the values instead of starting at 0. */
  readonly fitted?: boolean
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

export function extent(values: Iterable<number>): readonly [number, number] | null {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return low <= high ? [low, high] : null
}

/** Round positions for an axis: 1, 2 or 5 times a power of ten apart, about `wanted` of them. */
export function niceTicks(low: number, high: number, wanted: number): number[] {
  const span = high - low
  if (!(span > 0) || !Number.isFinite(span)) return [low]
  const rough = span / Math.max(1, wanted)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999)!
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
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
