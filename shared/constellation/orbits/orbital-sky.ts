import { lightSpeeds } from '../geometry'
import type { Link } from '../routing'
import { toDegrees } from './earth'
import { distanceBetween, origin } from './ephemeris'
import { sineOfElevation, siteOf, type EarthShape, type GroundStation } from './ground-station'
import { SightCalendar } from './sight-calendar'
import type { Sky } from './sky'
import { SkyViews, type SkyViewsOptions } from './sky-views'

export interface OrbitalSkyOptions extends SkyViewsOptions {
  readonly earth: EarthShape
  readonly station: GroundStation
  readonly absentLinks: readonly Link[]
  readonly warnings: readonly string[]
}

/** A sky whose satellites really move over a ground station. */
export interface OrbitalSky extends Sky {
  /** Angle of a satellite over the station's horizon, degrees; negative below it. */
  elevationDeg(satellite: number, tS: number): number
}

/**
 * The sky over a ground station at real coordinates. The station looks at it every `stepS`: the window are the satellites
 * at or above its minimum elevation; the centre is the highest of them that hand-over rule and pass allow (the lowest
 * index of equally high ones), null when there is none. Distances are exact at any time.
 */
export function orbitalSky(options: OrbitalSkyOptions): OrbitalSky {
  const { torus, ephemeris, station, stepS, absentLinks, warnings } = options
  const site = siteOf(station, options.earth)
  const views = new SkyViews(options, new SightCalendar(ephemeris, site, station.minElevationDeg, stepS))
  const [a, b] = [origin(), origin()]
  return {
    torus,
    absentLinks,
    warnings,
    lightSpeedMPerS: lightSpeeds.default,
    viewAt: (tS) => views.at(tS),
    groundDistanceM: (satellite, tS) => {
      ephemeris.locate(satellite, tS, a)
      return distanceBetween(site.at, a)
    },
    linkDistanceM: (from, to, tS) => {
      ephemeris.locate(from, tS, a)
      ephemeris.locate(to, tS, b)
      return distanceBetween(a, b)
    },
    elevationDeg: (satellite, tS) => {
      ephemeris.locate(satellite, tS, a)
      return toDegrees(Math.asin(sineOfElevation(site, a)))
    },
  }
}
