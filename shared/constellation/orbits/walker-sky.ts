import type { GroundStation } from './ground-station'
import { clearanceWarnings, linkClearance } from './link-clearance'
import { orbitalSky, type OrbitalSky } from './orbital-sky'
import { seamLinks } from './seam'
import type { SkyViewsOptions } from './sky-views'
import { walkerEphemeris, type Walker } from './walker'

/** How the ground station looks at the sky. */
export type Watching = Pick<SkyViewsOptions, 'handover' | 'pass' | 'stepS'>

/** A Walker constellation over a station on a spherical Earth. Over the seam of a star there are no links. */
export function walkerSky(walker: Walker, station: GroundStation, watching: Watching): OrbitalSky {
  const { torus } = walker
  const ephemeris = walkerEphemeris(walker)
  const absentLinks = walker.pattern === 'star' ? seamLinks(torus) : []
  const warnings = clearanceWarnings(linkClearance(torus, ephemeris, absentLinks, 0))
  return orbitalSky({ torus, ephemeris, earth: 'sphere', station, absentLinks, warnings, ...watching })
}
