import { chunkCount } from '#shared/kvc/chunks'
import { strategies, type Strategy } from '#shared/placement/placement'
import type { LatencyConfiguration } from '#shared/simulation/latency/configuration'
import { spreadCalculator } from '#shared/simulation/latency/spread-calculator'
import type { TimeSpread } from '#shared/simulation/latency/time-spread'
import { sweepColumns } from '#shared/simulation/sweep/sweep-csv'
import {
  variedParameters,
  withValue,
  type VariedParameter,
  type VariedPoint,
} from '#shared/simulation/sweep/vary'
import type { LineChartSpec } from '../charts/chart-spec'
import { csv } from '../charts/export-csv'
import { strategyStyles, type Marker } from '#shared/charts/strategy-style'
import type { SeriesStyle } from '../charts/strategy-style'
import type { CheckedDraft } from './latency-check'

export type LatencyBase = NonNullable<CheckedDraft['checked']>

/** What has been computed so far: the form's own configuration, and the points along each parameter, strategy by strategy. */
export interface LatencyFigures {
  readonly base: LatencyBase
  readonly own: ReadonlyMap<Strategy, TimeSpread>
  readonly points: Readonly<Record<VariedParameter, Readonly<Record<Strategy, readonly VariedPoint[]>>>>
}

type Growing = Readonly<Record<VariedParameter, Record<Strategy, VariedPoint[]>>>

/**
 * Computes the figures point by point: whoever takes the steps may pause between them, or stop.
 * @returns at the end, and yields on the way, the same growing object
 */
export function* figureSteps(base: LatencyBase): Generator<LatencyFigures> {
  const empty = (): Record<Strategy, VariedPoint[]> => ({ rotation: [], hop: [], hop_rotation: [] })
  const own = new Map<Strategy, TimeSpread>()
  const points: Growing = {
    KVC_BYTES: empty(),
    SERVERS: empty(),
    CHUNK_PROCESSING_TIME: empty(),
    ALTITUDE: empty(),
  }
  const figures = { base, own, points }
  for (const strategy of strategies) {
    const configuration: LatencyConfiguration = { ...base.configuration, strategy }
    const spread = spreadCalculator()
    own.set(strategy, spread(configuration))
    yield figures
    for (const parameter of variedParameters) {
      for (const value of base.values[parameter]) {
        points[parameter][strategy].push({ value, ...spread(withValue(configuration, parameter, value)) })
        yield figures
      }
    }
  }
}

/** Points of all figures, the form's own configuration included. */
export function stepCount({ values }: LatencyBase): number {
  return (
    strategies.length * (1 + variedParameters.reduce((sum, parameter) => sum + values[parameter].length, 0))
  )
}

interface Axis {
  readonly title: string
  readonly xTitle: string
  /** From the model's unit to the axis's. */
  readonly scale: number
}

export const axes: Readonly<Record<VariedParameter, Axis>> = {
  KVC_BYTES: { title: 'Worst latency by KVC size', xTitle: 'KVC size (MiB)', scale: 1 / 1_048_576 },
  SERVERS: { title: 'Worst latency by servers', xTitle: 'Servers', scale: 1 },
  CHUNK_PROCESSING_TIME: {
    title: 'Worst latency by chunk time',
    xTitle: 'Processing time of a chunk (ms)',
    scale: 1000,
  },
  ALTITUDE: { title: 'Worst latency by altitude', xTitle: 'Altitude (km)', scale: 1 / 1000 },
}

const strategyMarkers: Readonly<Record<Strategy, Marker>> = {
  rotation: 'circle',
  hop: 'triangle',
  hop_rotation: 'rect',
}

/** A strategy as the model's figures draw it: everything in them is simulated. */
export function modelStyle(strategy: Strategy): SeriesStyle {
  return {
    ...strategyStyles[strategy],
    marker: strategyMarkers[strategy],
    width: 1.75,
    virtual: false,
    simulated: true,
  }
}

/** One of the paper's figures: the slowest server's time along one parameter, a line a strategy. */
export function figureSpec(
  figures: LatencyFigures,
  parameter: VariedParameter,
  range: NonNullable<LineChartSpec['range']>,
): LineChartSpec {
  const { title, xTitle, scale } = axes[parameter]
  return {
    title,
    unit: 'ms',
    xTitle,
    range,
    events: [],
    series: strategies.map((strategy) => {
      const points = figures.points[parameter][strategy]
      return {
        key: strategy,
        style: modelStyle(strategy),
        points: points.map(({ value, maxS }) => ({ x: value * scale, y: maxS * 1000 })),
        samples: points.length,
      }
    }),
  }
}

/** Every point of every figure with everything that it was computed from: numbers in full, times in seconds. */
export function figuresCsv({ base, points }: LatencyFigures): string {
  const header = ['figure', ...sweepColumns]
  const rows = variedParameters.flatMap((parameter) =>
    strategies.flatMap((strategy) =>
      points[parameter][strategy].map((point) => {
        const at = withValue({ ...base.configuration, strategy }, parameter, point.value)
        return [
          parameter,
          at.preset,
          strategy,
          at.torus.slots,
          at.torus.planes,
          at.servers,
          at.rotations,
          at.centre.slot,
          at.centre.plane,
          at.altitudeM,
          at.kvcBytes,
          at.chunkBytes,
          at.chunkProcessingTimeS,
          chunkCount(at.kvcBytes, at.chunkBytes),
          point.maxS,
          point.minS,
          point.meanS,
          point.stdS,
          point.seS,
        ]
      }),
    ),
  )
  return csv(header, rows)
}
