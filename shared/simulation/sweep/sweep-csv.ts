import { chunkCount } from '../../kvc/chunks'
import type { LatencyConfiguration } from '../latency/configuration'
import { spreadCalculator } from '../latency/spread-calculator'
import { sweepRows, withProcessingTime, type SweepGrid } from './grid'

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
  for (const { first, chunkProcessingTimesS } of sweepRows(grid, from, to)) {
    const common = commonFields(first)
    const chunks = chunkCount(first.kvcBytes, first.chunkBytes)
    for (const timeS of chunkProcessingTimesS) {
      const { maxS, minS, meanS, stdS, seS } = spread(withProcessingTime(first, timeS))
      text += `${common},${timeS},${chunks},${maxS},${minS},${meanS},${stdS},${seS}${lineEnd}`
    }
  }
  return text
}

/** The parameters but for the last. */
function commonFields({
  preset,
  strategy,
  torus,
  servers,
  rotations,
  centre,
  altitudeM,
  kvcBytes,
  chunkBytes,
}: LatencyConfiguration): string {
  return (
    `${preset},${strategy},${torus.slots},${torus.planes},${servers},${rotations},${centre.slot},${centre.plane},` +
    `${altitudeM},${kvcBytes},${chunkBytes}`
  )
}
