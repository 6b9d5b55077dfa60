import { earthRadiusM } from '../geometry'
import { ellipsoidFlattening, ellipsoidRadiusM, toRadians } from './earth'
import { lengthOf, type Point } from './ephemeris'

export interface GroundStation {
  /** Geographic latitude, degrees, north positive. */
  readonly latitudeDeg: number
  /** Degrees, east positive. */
  readonly longitudeDeg: number
  /** Height over the model's Earth, m. */
  readonly altitudeM: number
  /** Satellites lower over the horizon than this are out of sight, degrees. */
  readonly minElevationDeg: number
}

/** `sphere`: radius 6,371,000 m, as in the paper's model. `wgs84`: the ellipsoid that coordinates and TLEs refer to. */
export type EarthShape = 'sphere' | 'wgs84'

export interface Site {
  /** m, in the frame that turns with Earth. */
  readonly at: Readonly<Point>
  /** Unit vector upwards. */
  readonly up: Readonly<Point>
}

export function siteOf(station: GroundStation, shape: EarthShape): Site {
  const latitude = toRadians(station.latitudeDeg)
  const longitude = toRadians(station.longitudeDeg)
  const up = {
    x: Math.cos(latitude) * Math.cos(longitude),
    y: Math.cos(latitude) * Math.sin(longitude),
    z: Math.sin(latitude),
  }
  const squash = shape === 'sphere' ? 1 : (1 - ellipsoidFlattening) ** 2
  const equatorM = shape === 'sphere' ? earthRadiusM : ellipsoidRadiusM
  // Length of the normal from the surface to Earth's axis.
  const normalM = equatorM / Math.sqrt(1 - (1 - squash) * Math.sin(latitude) ** 2)
  return {
    at: {
      x: up.x * (normalM + station.altitudeM),
      y: up.y * (normalM + station.altitudeM),
      z: up.z * (normalM * squash + station.altitudeM),
    },
    up,
  }
}

/** Sine of the angle at which a point stands over the horizon. */
export function sineOfElevation({ at, up }: Site, point: Readonly<Point>): number {
  const [x, y, z] = [point.x - at.x, point.y - at.y, point.z - at.z]
  const rise = x * up.x + y * up.y + z * up.z
  return Math.max(-1, Math.min(1, rise / Math.sqrt(x * x + y * y + z * z)))
}

/** Up is never farther than this from the direction away from Earth's centre, rad: what the ellipsoid makes of it. */
const plumbDeflectionRad = 0.0034

/**
 * Angle at Earth's centre between the site and a satellite beyond which the satellite is surely out of sight, rad.
 * @param radiusM the satellite's distance from Earth's centre, or more
 */
export function reachRad({ at }: Site, minElevationDeg: number, radiusM: number): number {
  const elevation = toRadians(minElevationDeg) - plumbDeflectionRad
  const cosine = Math.min(1, (lengthOf(at) * Math.cos(elevation)) / radiusM)
  return Math.acos(cosine) - elevation
}

/** Angle at Earth's centre between two points, rad. */
export function angleBetween(a: Readonly<Point>, b: Readonly<Point>): number {
  const cosine = (a.x * b.x + a.y * b.y + a.z * b.z) / (lengthOf(a) * lengthOf(b))
  return Math.acos(Math.max(-1, Math.min(1, cosine)))
}
