import { earthRadiusM } from '../geometry'
import { linkIndex, neighbour, type Link } from '../routing'
import { positionOf, satelliteIndex, type Torus } from '../torus'
import { failureSet } from '../routing'
import { distanceBetween, lengthOf, origin, type Ephemeris, type Point } from './ephemeris'

/** A link below this height crosses the atmosphere, which lasers do not pass, m. */
const atmosphereM = 80_000

export interface LinkClearance {
  readonly links: number
  /** Links that come lower than the top of the atmosphere, or go through Earth. */
  readonly obstructed: number
  readonly shortestM: number
  readonly longestM: number
}

/** The links of the grid at one time, without the absent ones: how long they are, and what is in their way. */
export function linkClearance(
  torus: Torus,
  ephemeris: Ephemeris,
  absentLinks: readonly Link[],
  tS: number,
): LinkClearance {
  const absent = failureSet(torus, { satellites: [], links: absentLinks })
  let [links, obstructed, shortestM, longestM] = [0, 0, Infinity, 0]
  const [a, b] = [origin(), origin()]
  for (let satellite = 0; satellite < ephemeris.count; satellite++) {
    const from = positionOf(torus, satellite)
    ephemeris.locate(satellite, tS, a)
    for (const direction of ['slot+', 'plane+'] as const) {
      const to = neighbour(torus, from, direction)
      if (to === null || absent.linkFailed(linkIndex(torus, from, direction))) continue
      const other = satelliteIndex(torus, to)
      // The one link of a direction that is two wide leads forwards from both of its ends.
      const size = direction === 'slot+' ? torus.slots : torus.planes
      if (size === 2 && other < satellite) continue
      ephemeris.locate(other, tS, b)
      const lengthM = distanceBetween(a, b)
      links += 1
      if (lowestM(a, b) < earthRadiusM + atmosphereM) obstructed += 1
      shortestM = Math.min(shortestM, lengthM)
      longestM = Math.max(longestM, lengthM)
    }
  }
  return { links, obstructed, shortestM: links === 0 ? 0 : shortestM, longestM }
}

/** Least distance from Earth's centre to the line between two points, m. */
function lowestM(a: Point, b: Point): number {
  const [x, y, z] = [b.x - a.x, b.y - a.y, b.z - a.z]
  const squared = x * x + y * y + z * z
  const along = squared === 0 ? 0 : -(a.x * x + a.y * y + a.z * z) / squared
  const share = Math.max(0, Math.min(1, along))
  return lengthOf({ x: a.x + share * x, y: a.y + share * y, z: a.z + share * z })
}

/** The warning that obstructed links deserve; none when there are none. */
export function clearanceWarnings({ links, obstructed }: LinkClearance): string[] {
  if (obstructed === 0) return []
  return [
    `${obstructed} of ${links} inter-satellite links cross the atmosphere or Earth at the start: no laser passes there, but the simulation uses them.`,
  ]
}
