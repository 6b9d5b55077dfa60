import { strategies } from '../../placement/placement'
import type { LatencyConfiguration } from '../latency/configuration'
import { paperConfiguration, paperValues } from '../sweep/paper-sweep'
import { vary, variedParameters, type VariedParameter } from '../sweep/vary'
import type { LineFigure } from './line-figure'
import { settingTexts } from './setting-text'

/** How each parameter stands on an axis. */
const axes: Record<
  VariedParameter,
  { readonly name: string; readonly title: string; readonly axis: string; readonly perUnit: number }
> = {
  KVC_BYTES: { name: 'kvc-size', title: 'KVC size', axis: 'KVC size (MiB)', perUnit: 1_048_576 },
  SERVERS: { name: 'servers', title: 'servers', axis: 'Servers', perUnit: 1 },
  CHUNK_PROCESSING_TIME: {
    name: 'processing-time',
    title: 'processing time',
    axis: 'Processing time of a chunk (ms)',
    perUnit: 0.001,
  },
  ALTITUDE: { name: 'altitude', title: 'altitude', axis: 'Altitude (km)', perUnit: 1000 },
}

/** Up to so many values, each has its tick. */
const ticksAtValues = 6

/** Worst-case latency of every strategy along one parameter, the others as in `base`. Values are taken as checked. */
export function latencyFigure(
  base: LatencyConfiguration,
  parameter: VariedParameter,
  values: readonly number[],
): LineFigure {
  const { name, title, axis, perUnit } = axes[parameter]
  // 12 digits: 0.006 s are 6 ms, not 6.000000000000001.
  const toAxis = (value: number): number => Number((value / perUnit).toPrecision(12))
  const sorted = values.toSorted((a, b) => a - b)
  const texts = settingTexts(base)
  const fixed = variedParameters.filter((other) => other !== parameter).map((other) => texts[other])
  return {
    name: `latency-${name}`,
    title: `Worst-case latency against ${title}`,
    xTitle: axis,
    yTitle: 'Worst-case latency (s)',
    lines: strategies.map((strategy) => ({
      strategy,
      points: vary({ ...base, strategy }, parameter, sorted).map(({ value, maxS }) => ({
        x: toAxis(value),
        y: maxS,
      })),
    })),
    xTicks: sorted.length <= ticksAtValues ? sorted.map(toAxis) : null,
    note: [...fixed, texts.chunk, texts.torus, texts.preset],
  }
}

/** The paper's four figures of worst-case latency, from its own sweep. */
export function paperFigures(): LineFigure[] {
  return variedParameters.map((parameter) =>
    latencyFigure(paperConfiguration, parameter, paperValues[parameter]),
  )
}
