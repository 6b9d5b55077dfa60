import { chunkCount } from '../../kvc/chunks'
import type { LatencyConfiguration } from '../latency/configuration'
import { spreadCalculator } from '../latency/spread-calculator'
import { configurationAt, type SweepGrid } from './grid'

/** Columns of a sweep's CSV file: the parameters in the order in which they vary, then what the model says. */
export const sweepColumns = [
  'preset',
  'strategy',
  'slots',
  'planes',
  'servers',
  'rotations',
  'centre_slot',
  'centre_plane',
  'altitude_m',
  'kvc_bytes',
  'chunk_bytes',
  'chunk_processing_time_s',
  'chunks',
  'max_s',
  'min_s',
  'mean_s',
  'std_s',
  'se_s',
] as const

/** Line end of RFC 4180. */
const lineEnd = '\r\n'

export const sweepCsvHeader = sweepColumns.join(',') + lineEnd

/**
 * Lines of a sweep's CSV file for the configurations `from` to `to` (exclusive). Fields are numbers and known words, which
 * need no quotes; numbers are the shortest text that reads back as the same value.
 */
export function sweepCsvLines(grid: SweepGrid, from: number, to: number): string {
  const spread = spreadCalculator()
  let text = ''
  for (let index = from; index < to; index++) {
    const configuration = configurationAt(grid, index)
    const { maxS, minS, meanS, stdS, seS } = spread(configuration)
    const { kvcBytes, chunkBytes } = configuration
    const chunks = chunkCount(kvcBytes, chunkBytes)
    text += `${parameterFields(configuration)},${chunks},${maxS},${minS},${meanS},${stdS},${seS}${lineEnd}`
  }
  return text
}

function parameterFields({
  preset,
  strategy,
  torus,
  servers,
  rotations,
  centre,
  altitudeM,
  kvcBytes,
  chunkBytes,
  chunkProcessingTimeS,
}: LatencyConfiguration): string {
  return (
    `${preset},${strategy},${torus.slots},${torus.planes},${servers},${rotations},${centre.slot},${centre.plane},` +
    `${altitudeM},${kvcBytes},${chunkBytes},${chunkProcessingTimeS}`
  )
}
