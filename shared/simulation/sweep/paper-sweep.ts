import type { LatencyConfiguration } from '../latency/configuration'
import { strategies, type Strategy } from '../../placement/placement'
import { vary, variedParameters, type VariedParameter, type VariedPoint } from './vary'

const mebibyte = 1_048_576

/** `count` multiples of a step, from `first` on. */
function steps(first: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index * step)
}

/** The values of the paper's sweep, as the authors' simulator has them: bytes, servers, seconds, metres. */
export const paperValues: Readonly<Record<VariedParameter, readonly number[]>> = {
  KVC_BYTES: steps(1, 1, 21).map((mebibytes) => mebibytes * mebibyte),
  SERVERS: [9, 25, 49, 81],
  // Whole milliseconds over 1000: the nearest numbers to 0.002, 0.004, ..., which multiples of 0.002 are not.
  CHUNK_PROCESSING_TIME: steps(2, 2, 10).map((milliseconds) => milliseconds / 1000),
  ALTITUDE: steps(160_000, 220_000, 9),
}

/** What the paper's sweep holds fixed while one parameter varies: the last value of each list. */
export const paperConfiguration: LatencyConfiguration = {
  preset: 'paper',
  strategy: 'rotation',
  torus: { slots: 15, planes: 15 },
  // (8, 8) in the authors' simulator, which counts from 1.
  centre: { slot: 7, plane: 7 },
  rotations: 0,
  servers: 81,
  altitudeM: 1_920_000,
  kvcBytes: 21 * mebibyte,
  chunkBytes: 12_288,
  chunkProcessingTimeS: 0.02,
}

export interface PaperTable {
  readonly strategy: Strategy
  readonly parameter: VariedParameter
  readonly points: readonly VariedPoint[]
}

/** The paper's sweep: every strategy along every parameter, twelve tables. */
export function paperTables(): PaperTable[] {
  return strategies.flatMap((strategy) =>
    variedParameters.map((parameter) => ({
      strategy,
      parameter,
      points: vary({ ...paperConfiguration, strategy }, parameter, paperValues[parameter]),
    })),
  )
}

/** Name of a table's file, as the authors' simulator names it. */
export function paperTableFile({ strategy, parameter }: PaperTable): string {
  return `${strategy}.${parameter}.dat`
}

/** A table as the authors' simulator prints it: tab separated, times in seconds, numbers in full. */
export function paperTableText({ parameter, points }: PaperTable): string {
  const head = [parameter, 'MAX', 'MIN', 'AVG', 'STD', 'SE']
  const rows = points.map(({ value, maxS, minS, meanS, stdS, seS }) => [value, maxS, minS, meanS, stdS, seS])
  return [head, ...rows].map((cells) => `${cells.join('\t')}\n`).join('')
}
