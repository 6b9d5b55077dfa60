import { isHollow, isLineMarker } from '#shared/charts/strategy-style'
import { extent } from '#shared/charts/ticks'
import {
  Chart,
  Decimation,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
  type ChartDataset,
  type TooltipItem,
} from 'chart.js'
import zoomPlugin from 'chartjs-plugin-zoom'
import { logTicks } from './axis-range'
import type { Point } from './binned-values'
import type { ChartEvent, LineChartSpec, LineSeries } from './chart-spec'
import { eventLines } from './event-lines'
import type { ChartPalette } from './palette'

Chart.register(
  LineController,
  LineElement,
  PointElement,
  LinearScale,
  LogarithmicScale,
  Tooltip,
  Decimation,
  zoomPlugin,
)

export interface LineCanvasOptions {
  readonly palette: () => ChartPalette
  readonly formatX: (x: number) => string
  /** Numbers of the axes, without their unit. */
  readonly tickX: (x: number) => string
  readonly tickY: (y: number) => string
  readonly formatY: (y: number) => string
  readonly onZoom: (zoomed: boolean) => void
}

/** Points above which a line is drawn without markers. */
const pointsWithMarkers = 80
const sparseMarkers = 24
const decimatedPoints = 500

function dataset(series: LineSeries, hidden: boolean): ChartDataset<'line', Point[]> {
  const { style } = series
  const hollow = isHollow(style)
  const many = series.points.length > pointsWithMarkers
  // A virtual or simulated series keeps some of its hollow markers always: they are what tells it from a measured one.
  const stride = Math.ceil(series.points.length / sparseMarkers)
  const sparse = ({ dataIndex }: { dataIndex: number }): number => (dataIndex % stride === 0 ? 2.5 : 0)
  return {
    label: style.label,
    data: series.points as Point[],
    hidden,
    borderColor: style.colour,
    backgroundColor: hollow ? 'transparent' : style.colour,
    borderWidth: style.width,
    borderDash: [...style.dash],
    borderJoinStyle: 'round',
    pointStyle: style.marker,
    pointRadius: many ? (hollow ? sparse : 0) : 2.5,
    pointHoverRadius: 4,
    pointBorderWidth: hollow || isLineMarker(style.marker) ? 1.3 : 0,
    spanGaps: false,
  }
}

/**
 * A Chart.js line chart on one canvas. It is kept out of Vue's reactive state: Chart.js objects hold cycles and proxies of
 * their own, and a reactive wrapper around them overflows the stack.
 */
export class LineCanvas {
  readonly #chart: Chart<'line', Point[]>
  readonly #options: LineCanvasOptions
  #events: readonly ChartEvent[] = []

  constructor(canvas: HTMLCanvasElement, options: LineCanvasOptions) {
    this.#options = options
    this.#chart = new Chart<'line', Point[]>(canvas, {
      type: 'line',
      data: { datasets: [] },
      plugins: [eventLines(() => this.#events, options.palette)],
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        responsive: true,
        maintainAspectRatio: false,
        events: ['mousemove', 'mouseout', 'click'],
        interaction: { mode: 'x', intersect: false, axis: 'x' },
        layout: { padding: { top: 4, right: 8 } },
        scales: {
          x: {
            type: 'linear',
            beginAtZero: true,
            ticks: { maxRotation: 0, autoSkipPadding: 24 },
            grid: { display: false },
          },
          y: { type: 'linear', beginAtZero: true, ticks: { maxTicksLimit: 6 }, border: { display: false } },
        },
        plugins: {
          decimation: {
            enabled: true,
            algorithm: 'lttb',
            samples: decimatedPoints,
            threshold: decimatedPoints * 2,
          },
          tooltip: {
            mode: 'nearest',
            axis: 'x',
            intersect: false,
            caretSize: 0,
            cornerRadius: 4,
            padding: 8,
            borderWidth: 1,
            usePointStyle: true,
            boxWidth: 8,
            boxHeight: 8,
            filter: (item, index, items) =>
              items.findIndex((one) => one.datasetIndex === item.datasetIndex) === index,
            callbacks: {
              labelColor: ({ dataset: { borderColor, backgroundColor } }) => ({
                borderColor: borderColor as string,
                backgroundColor: (backgroundColor === 'transparent'
                  ? options.palette().raised
                  : backgroundColor) as string,
                borderWidth: 1.5,
              }),
              title: (items) => (items[0] ? options.formatX(items[0].parsed.x ?? 0) : ''),
              label: (item: TooltipItem<'line'>) =>
                ` ${item.dataset.label ?? ''}  ${options.formatY(item.parsed.y ?? Number.NaN)}`,
            },
          },
          zoom: {
            zoom: {
              drag: { enabled: true, borderWidth: 1, threshold: 6 },
              wheel: { enabled: true, modifierKey: 'ctrl' },
              mode: 'x',
              onZoomComplete: () => options.onZoom(true),
            },
            pan: {
              enabled: true,
              mode: 'x',
              modifierKey: 'shift',
              onPanComplete: () => options.onZoom(true),
            },
          },
        },
      },
    })
    this.applyTheme()
  }

  /** Take what the chart shows now. Series that are hidden keep their place, so that colours never move. */
  show(spec: LineChartSpec, hidden: ReadonlySet<string>): void {
    this.#events = spec.events
    this.#chart.data.datasets = spec.series.map((series) => ({
      ...dataset(series, hidden.has(series.key)),
      // Where the axis ends at the values, markers at its ends are drawn whole.
      ...(spec.xLog === true ? { clip: 6 } : {}),
    }))
    const { x, y } = this.#chart.options.scales ?? {}
    const fromZero = spec.range !== 'fitted'
    if (x)
      Object.assign(x, spec.xLog === true ? logarithmic(spec) : { type: 'linear', beginAtZero: fromZero })
    const isWhole = (spec.range ?? 'whole') === 'whole'
    if (y)
      Object.assign(y, { beginAtZero: fromZero, ...(spec.unit === '%' && isWhole ? { min: 0, max: 1 } : {}) })
    this.#chart.update('none')
  }

  applyTheme(): void {
    const colours = this.#options.palette()
    const family = getComputedStyle(document.body).fontFamily
    const { scales, plugins } = this.#chart.options
    for (const axis of ['x', 'y'] as const) {
      const scale = scales?.[axis]
      if (!scale) continue
      const format = axis === 'x' ? this.#options.tickX : this.#options.tickY
      Object.assign(scale.ticks!, {
        color: colours.muted,
        font: { size: 11, family },
        callback: (value: number | string) => format(Number(value)),
      })
      Object.assign(scale.grid!, { color: colours.grid })
      Object.assign(scale.border!, { color: colours.border })
    }
    Object.assign(plugins!.tooltip!, {
      backgroundColor: colours.raised,
      borderColor: colours.border,
      titleColor: colours.muted,
      bodyColor: colours.text,
      titleFont: { size: 11, weight: 'normal', family },
      bodyFont: { size: 12, family },
    })
    const drag = plugins!.zoom!.zoom!.drag!
    Object.assign(drag, {
      backgroundColor: `${withAlpha(colours.accent, 0.15)}`,
      borderColor: colours.accent,
    })
    this.#chart.update('none')
  }

  zoomBy(factor: number): void {
    this.#chart.zoom({ x: factor, y: 1 }, 'none')
    this.#options.onZoom(this.#chart.isZoomedOrPanned())
  }

  panBy(share: number): void {
    this.#chart.pan({ x: this.#chart.chartArea.width * share, y: 0 }, undefined, 'none')
    this.#options.onZoom(this.#chart.isZoomedOrPanned())
  }

  resetZoom(): void {
    this.#chart.resetZoom('none')
    this.#options.onZoom(false)
  }

  destroy(): void {
    this.#chart.destroy()
  }
}

/** An axis by factors ends where the values do: a whole power of ten more would be mostly empty. */
function logarithmic({ series }: LineChartSpec): object {
  const ends = extent(series.flatMap(({ points }) => points.map((point) => point.x)))
  return {
    type: 'logarithmic',
    ...(ends && ends[1] > ends[0] ? { min: ends[0], max: ends[1] } : {}),
    afterBuildTicks: (axis: { min: number; max: number; ticks: { value: number }[] }) => {
      axis.ticks = logTicks(axis.min, axis.max).map((value) => ({ value }))
    },
  }
}

/** A computed `rgb(r, g, b)` with an alpha channel. */
function withAlpha(rgb: string, alpha: number): string {
  return rgb.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`)
}
