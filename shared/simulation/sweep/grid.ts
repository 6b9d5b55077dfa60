import type { GeometryPreset } from '../../constellation/geometry'
import type { Position } from '../../constellation/torus'
import { SkyError } from '../../contract/errors'
import type { Strategy } from '../../placement/placement'
import {
  checkAltitude,
  checkChunkProcessingTime,
  checkOnTorus,
  checkWholeNumber,
  type LatencyConfiguration,
} from '../latency/configuration'

/** A list of values for every parameter of the latency model. The sweep is every combination of them. */
export interface SweepGrid {
  readonly preset: readonly GeometryPreset[]
  readonly strategy: readonly Strategy[]
  readonly slots: readonly number[]
  readonly planes: readonly number[]
  readonly centre: readonly Position[]
  readonly rotations: readonly number[]
  readonly servers: readonly number[]
  readonly altitudeM: readonly number[]
  readonly kvcBytes: readonly number[]
  readonly chunkBytes: readonly number[]
  readonly chunkProcessingTimeS: readonly number[]
}

/**
 * The parameters from the outermost loop to the innermost. What is costly to change stands outside: a placement is
 * computed once for everything inside of it. It is also the order of columns and of rows.
 */
export const sweepOrder = [
  'preset',
  'strategy',
  'slots',
  'planes',
  'servers',
  'rotations',
  'centre',
  'altitudeM',
  'kvcBytes',
  'chunkBytes',
  'chunkProcessingTimeS',
] as const satisfies readonly (keyof SweepGrid)[]

/** Configurations of a sweep at most: a file of about 150 GB. */
export const maxSweepSize = 1_000_000_000

export function sweepSize(grid: SweepGrid): number {
  return sweepOrder.reduce((size, parameter) => size * grid[parameter].length, 1)
}

/** Configuration number `index` of the sweep, 0-based; the last parameter of `sweepOrder` varies fastest. */
export function configurationAt(grid: SweepGrid, index: number): LatencyConfiguration {
  let rest = index
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[rest % values.length] as Value
    rest = Math.floor(rest / values.length)
    return value
  }
  // Innermost first: the reverse of `sweepOrder`.
  const chunkProcessingTimeS = pick(grid.chunkProcessingTimeS)
  const chunkBytes = pick(grid.chunkBytes)
  const kvcBytes = pick(grid.kvcBytes)
  const altitudeM = pick(grid.altitudeM)
  const centre = pick(grid.centre)
  const rotations = pick(grid.rotations)
  const servers = pick(grid.servers)
  const planes = pick(grid.planes)
  const slots = pick(grid.slots)
  const strategy = pick(grid.strategy)
  const preset = pick(grid.preset)
  return {
    preset,
    strategy,
    torus: { slots, planes },
    centre,
    rotations,
    servers,
    altitudeM,
    kvcBytes,
    chunkBytes,
    chunkProcessingTimeS,
  }
}

/** Configurations that differ in nothing but the innermost parameter, in the order of the sweep. */
export interface SweepRow {
  /** What they have in common; its own processing time is that of the first. */
  readonly first: LatencyConfiguration
  readonly chunkProcessingTimesS: readonly number[]
}

/** The configurations `from` to `to` (exclusive), row by row: what a row has in common is worked out once. */
export function* sweepRows(grid: SweepGrid, from: number, to: number): Generator<SweepRow, void> {
  const times = grid.chunkProcessingTimeS
  for (let index = from; index < to;) {
    const begin = index % times.length
    const end = Math.min(times.length, begin + to - index)
    yield { first: configurationAt(grid, index), chunkProcessingTimesS: times.slice(begin, end) }
    index += end - begin
  }
}

/** The configuration with another processing time, written out: a spread would take longer than the model itself. */
export function withProcessingTime(
  {
    preset,
    strategy,
    torus,
    centre,
    rotations,
    servers,
    altitudeM,
    kvcBytes,
    chunkBytes,
  }: LatencyConfiguration,
  chunkProcessingTimeS: number,
): LatencyConfiguration {
  return {
    preset,
    strategy,
    torus,
    centre,
    rotations,
    servers,
    altitudeM,
    kvcBytes,
    chunkBytes,
    chunkProcessingTimeS,
  }
}

/**
 * Checks every value, and every combination that could be impossible, before anything runs.
 * @throws SkyError `invalid_argument`: an empty list, a value that the model refuses, servers or a centre that do not fit
 *   on one of the toruses, more than `maxSweepSize` configurations
 */
export function checkSweep(grid: SweepGrid): void {
  for (const parameter of sweepOrder) {
    if (grid[parameter].length > 0) continue
    throw new SkyError(
      'invalid_argument',
      `${parameter} has no value`,
      'Give every parameter one or more values.',
    )
  }
  for (const value of grid.slots) checkWholeNumber('slots', value)
  for (const value of grid.planes) checkWholeNumber('planes', value)
  for (const value of grid.servers) checkWholeNumber('servers', value)
  for (const value of grid.rotations) checkWholeNumber('rotations', value)
  for (const value of grid.kvcBytes) checkWholeNumber('kvc-bytes', value)
  for (const value of grid.chunkBytes) checkWholeNumber('chunk-bytes', value)
  grid.altitudeM.forEach(checkAltitude)
  grid.chunkProcessingTimeS.forEach(checkChunkProcessingTime)
  const most = grid.servers.reduce((a, b) => Math.max(a, b))
  for (const slots of grid.slots) {
    for (const planes of grid.planes) {
      for (const centre of grid.centre) checkOnTorus({ slots, planes }, most, centre)
    }
  }
  const size = sweepSize(grid)
  if (size > maxSweepSize) {
    const message = `the sweep has ${size} configurations`
    throw new SkyError('invalid_argument', message, `Allowed: up to ${maxSweepSize}. Shorten the lists.`)
  }
}
