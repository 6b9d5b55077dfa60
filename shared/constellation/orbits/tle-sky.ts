import { SkyError } from '../../contract/errors'
import type { GroundStation } from './ground-station'
import { clearanceWarnings, linkClearance } from './link-clearance'
import { orbitalSky, type OrbitalSky } from './orbital-sky'
import { seamLinks } from './seam'
import { Propagator, sgp4Ephemeris } from './sgp4-ephemeris'
import type { ElementSet } from './tle-file'
import { gridOf, type SatelliteGrid } from './tle-grid'
import { toDegrees } from './earth'
import type { Watching } from './walker-sky'

export interface TleSkyOptions {
  readonly sets: readonly ElementSet[]
  /** The start of the simulation, ms since 1970-01-01 UTC. */
  readonly startMs: number
  /** Only satellites of about this inclination, degrees; null = the largest shell of all. */
  readonly inclinationDeg: number | null
  readonly station: GroundStation
  readonly watching: Watching
}

export interface TleSky extends OrbitalSky {
  /** Names of the satellites, by index. */
  readonly names: readonly string[]
}

/** How far a satellite's inclination may be from the one asked for, degrees. */
const inclinationToleranceDeg = 0.5
/** Element sets lose about 1 to 3 km a day (Vallado, "Fundamentals of Astrodynamics"): older ones deserve a warning. */
const oldDays = 7
const dayMs = 86_400_000

/**
 * Real satellites by SGP4 over a station on the WGS 84 ellipsoid, arranged as a +GRID by `gridOf`.
 * @throws SkyError invalid_argument: no satellite is left that SGP4 can follow and that has the inclination
 */
export function tleSky({ sets, startMs, inclinationDeg, station, watching }: TleSkyOptions): TleSky {
  const followed = sets
    .map((set) => new Propagator(set, startMs))
    .filter((propagator) => propagator.stateAt(0) !== null)
  const candidates = followed.filter(
    ({ record }) =>
      inclinationDeg === null ||
      Math.abs(toDegrees(record.inclo) - inclinationDeg) <= inclinationToleranceDeg,
  )
  if (candidates.length === 0) throw nothingLeft(sets.length, followed.length, inclinationDeg, startMs)
  const grid = gridOf(candidates.map((propagator) => propagator.meanElements()))
  const members = grid.members.map((member) => candidates[member] as Propagator)
  const ephemeris = sgp4Ephemeris(members, startMs)
  const absentLinks = grid.hasSeam ? seamLinks(grid.torus) : []
  const warnings = [
    ...leftOutWarnings(grid, sets.length, sets.length - followed.length, followed.length - candidates.length),
    ...ageWarnings(members, startMs),
    ...clearanceWarnings(linkClearance(grid.torus, ephemeris, absentLinks, 0)),
  ]
  const { torus } = grid
  const sky = orbitalSky({ torus, ephemeris, earth: 'wgs84', station, absentLinks, warnings, ...watching })
  return { ...sky, names: members.map(({ set }) => set.name) }
}

function leftOutWarnings(
  { torus, leftOut }: SatelliteGrid,
  total: number,
  lost: number,
  otherInclinations: number,
): string[] {
  const used = torus.slots * torus.planes
  if (used === total) return []
  const reasons = [
    [lost, 'SGP4 cannot follow them'],
    [otherInclinations, 'of another inclination'],
    [leftOut.otherShells, 'of other shells or off station'],
    [leftOut.thinPlanes, `in planes of fewer than ${torus.slots}`],
    [leftOut.spares, `spares in planes of more than ${torus.slots}`],
  ] as const
  const told = reasons.filter(([count]) => count > 0).map(([count, why]) => `${count} ${why}`)
  return [
    `${used} of ${total} satellites form the grid of ${torus.planes} planes of ${torus.slots}; left out: ${told.join(', ')}.`,
  ]
}

function ageWarnings(members: readonly Propagator[], startMs: number): string[] {
  const days = members.map(({ set }) => Math.abs(startMs - set.epochMs) / dayMs)
  const old = days.filter((age) => age > oldDays).length
  if (old === 0) return []
  const oldest = Math.max(...days).toFixed(1)
  return [
    `${old} of ${days.length} element sets are more than ${oldDays} days away from the start (up to ${oldest}): SGP4 loses about 1 to 3 km a day.`,
  ]
}

function nothingLeft(
  total: number,
  followed: number,
  inclinationDeg: number | null,
  startMs: number,
): SkyError {
  const at = new Date(startMs).toISOString()
  if (followed === 0) {
    const message = `SGP4 cannot follow any of ${total} satellites to ${at}`
    return new SkyError('invalid_argument', message, 'Start near the time of the element sets.')
  }
  const message = `none of ${followed} satellites has an inclination within ${inclinationToleranceDeg}° of ${inclinationDeg}°`
  return new SkyError('invalid_argument', message, 'Choose an inclination that the file has, or none.')
}
