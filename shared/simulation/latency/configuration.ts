import type { GeometryPreset } from '../../constellation/geometry'
import type { Position, Torus } from '../../constellation/torus'
import { onTorus } from '../../constellation/torus'
import { SkyError } from '../../contract/errors'
import type { Strategy } from '../../placement/placement'

/** One point of the paper's latency model: a block of some size on some servers of some constellation. */
export interface LatencyConfiguration {
  /** Which speed of light: `paper` is the rounded one of the authors' simulator. */
  readonly preset: GeometryPreset
  readonly strategy: Strategy
  readonly torus: Torus
  /** The centre at epoch 0. */
  readonly centre: Position
  /** Rotations since epoch 0. */
  readonly rotations: number
  readonly servers: number
  readonly altitudeM: number
  /** Size of the block's KVC, bytes. */
  readonly kvcBytes: number
  readonly chunkBytes: number
  /** Time that a server takes for one chunk, s. */
  readonly chunkProcessingTimeS: number
}

/** Torus sizes above this are mistakes: the largest planned constellations have tens of thousands of satellites. */
export const maxSatellites = 1_000_000
/** Altitudes above this are mistakes: beyond the Moon, m. */
export const maxAltitudeM = 1e9
/** Processing times above this are mistakes: a day, s. */
export const maxChunkProcessingTimeS = 86_400

export type LatencyParameter =
  | 'slots'
  | 'planes'
  | 'centre'
  | 'rotations'
  | 'servers'
  | 'altitude'
  | 'kvc-bytes'
  | 'chunk-bytes'
  | 'chunk-processing-time'
  | 'los-slots'
  | 'los-planes'

function refuse(parameter: LatencyParameter, value: string, allowed: string, why = ''): never {
  const message = `${parameter} is ${value}${why}`
  throw new SkyError('invalid_argument', message, `Allowed for ${parameter}: ${allowed}.`, {
    parameter,
    value,
  })
}

/** The least that each whole number may be. */
const wholeNumbers: Partial<Record<LatencyParameter, number>> = {
  slots: 1,
  planes: 1,
  servers: 1,
  rotations: 0,
  'kvc-bytes': 1,
  'chunk-bytes': 1,
  'los-slots': 1,
  'los-planes': 1,
}

/** @throws SkyError `invalid_argument`: not a whole number, or below the parameter's smallest value */
export function checkWholeNumber(parameter: LatencyParameter, value: number): void {
  const least = wholeNumbers[parameter] ?? 0
  if (Number.isSafeInteger(value) && value >= least) return
  refuse(parameter, String(value), `whole numbers from ${least} on`)
}

/** @throws SkyError `invalid_argument` */
export function checkAltitude(altitudeM: number): void {
  if (altitudeM > 0 && altitudeM <= maxAltitudeM) return
  refuse('altitude', `${altitudeM} m`, `above 0 and up to ${maxAltitudeM} m`)
}

/** @throws SkyError `invalid_argument` */
export function checkChunkProcessingTime(seconds: number): void {
  if (seconds >= 0 && seconds <= maxChunkProcessingTimeS) return
  refuse('chunk-processing-time', `${seconds} s`, `0 to ${maxChunkProcessingTimeS} s`)
}

/**
 * Servers and centre must lie on the torus.
 * @throws SkyError `invalid_argument`
 */
export function checkOnTorus(torus: Torus, servers: number, centre: Position): void {
  const { slots, planes } = torus
  const satellites = slots * planes
  if (satellites > maxSatellites) {
    const allowed = `slots times planes up to ${maxSatellites}`
    refuse('slots', String(slots), allowed, `, with ${planes} planes: ${satellites} satellites`)
  }
  const size = `${slots} slots and ${planes} planes`
  if (servers > satellites) {
    refuse('servers', String(servers), `1 to ${satellites}`, `, but ${size} make ${satellites} satellites`)
  }
  const isWhole = Number.isInteger(centre.slot) && Number.isInteger(centre.plane)
  if (!isWhole || !onTorus(torus, centre)) {
    const allowed = `slots 0 to ${slots - 1} and planes 0 to ${planes - 1}`
    refuse('centre', `${centre.slot},${centre.plane}`, allowed, `, outside the torus of ${size}`)
  }
}

/**
 * @throws SkyError `invalid_argument`: a number that is not finite, negative or too large, an altitude of 0, more servers
 *   than satellites, a centre outside the torus. Names the parameter as the command line does.
 */
export function checkConfiguration(configuration: LatencyConfiguration): void {
  const { torus, centre, servers, rotations, altitudeM, kvcBytes, chunkBytes } = configuration
  checkWholeNumber('slots', torus.slots)
  checkWholeNumber('planes', torus.planes)
  checkWholeNumber('servers', servers)
  checkWholeNumber('rotations', rotations)
  checkWholeNumber('kvc-bytes', kvcBytes)
  checkWholeNumber('chunk-bytes', chunkBytes)
  checkAltitude(altitudeM)
  checkChunkProcessingTime(configuration.chunkProcessingTimeS)
  checkOnTorus(torus, servers, centre)
}
