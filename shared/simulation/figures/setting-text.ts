import type { LatencyConfiguration } from '../latency/configuration'
import { figureNumber } from './page'

const mebibyte = 1_048_576

/** Bytes in MiB where that is short, else in bytes. */
export function bytesText(bytes: number): string {
  const mebibytes = bytes / mebibyte
  return Number.isInteger(mebibytes * 4) ? `${figureNumber(mebibytes)} MiB` : `${figureNumber(bytes)} B`
}

/** Each parameter of a configuration in a few words, for the small print of a figure. */
export function settingTexts(
  configuration: LatencyConfiguration,
): Record<
  'KVC_BYTES' | 'SERVERS' | 'CHUNK_PROCESSING_TIME' | 'ALTITUDE' | 'chunk' | 'torus' | 'preset',
  string
> {
  const { torus, servers, kvcBytes, chunkBytes, chunkProcessingTimeS, altitudeM, preset } = configuration
  return {
    KVC_BYTES: `KVC ${bytesText(kvcBytes)}`,
    SERVERS: `${servers} servers`,
    CHUNK_PROCESSING_TIME: `${figureNumber(Number((chunkProcessingTimeS * 1000).toPrecision(12)))} ms a chunk`,
    ALTITUDE: `${figureNumber(altitudeM / 1000)} km`,
    chunk: `chunks of ${figureNumber(chunkBytes)} B`,
    torus: `torus ${torus.slots}×${torus.planes}`,
    preset: `simulated, preset ${preset}`,
  }
}
