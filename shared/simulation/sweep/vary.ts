import type { LatencyConfiguration } from '../latency/configuration'
import { spreadCalculator } from '../latency/spread-calculator'
import type { TimeSpread } from '../latency/time-spread'

/** The parameters that the paper's figures vary, by the names of its tables. */
export const variedParameters = ['KVC_BYTES', 'SERVERS', 'CHUNK_PROCESSING_TIME', 'ALTITUDE'] as const
export type VariedParameter = (typeof variedParameters)[number]

const keys = {
  KVC_BYTES: 'kvcBytes',
  SERVERS: 'servers',
  CHUNK_PROCESSING_TIME: 'chunkProcessingTimeS',
  ALTITUDE: 'altitudeM',
} as const satisfies Record<VariedParameter, keyof LatencyConfiguration>

/** The configuration with one parameter set; values are bytes, servers, seconds and metres. */
export function withValue(
  configuration: LatencyConfiguration,
  parameter: VariedParameter,
  value: number,
): LatencyConfiguration {
  return { ...configuration, [keys[parameter]]: value }
}

export interface VariedPoint extends TimeSpread {
  /** What the parameter was set to. */
  readonly value: number
}

/** The model along one parameter, everything else as it is in `base`. Values are taken as checked. */
export function vary(
  base: LatencyConfiguration,
  parameter: VariedParameter,
  values: readonly number[],
): VariedPoint[] {
  const spread = spreadCalculator()
  return values.map((value) => ({ value, ...spread(withValue(base, parameter, value)) }))
}
