/** Earth's gravitational parameter, m³/s² (WGS 84, NGA.STND.0036). */
export const gravitationalParameter = 3.986004418e14

/** Rate at which Earth turns against the stars, rad/s (1.00273790935 turns a day; IAU 1982 sidereal time). */
export const earthRotationRadPerS = 7.2921158553e-5

/** Semi-major axis of the WGS 84 ellipsoid, m. */
export const ellipsoidRadiusM = 6_378_137
/** Flattening of the WGS 84 ellipsoid. */
export const ellipsoidFlattening = 1 / 298.257223563

/** Kepler's third law: the time of one revolution on a circle of this radius, s. */
export function orbitalPeriodS(radiusM: number): number {
  return 2 * Math.PI * Math.sqrt(radiusM ** 3 / gravitationalParameter)
}

const radiansPerDegree = Math.PI / 180
export const toRadians = (degrees: number): number => degrees * radiansPerDegree
export const toDegrees = (radians: number): number => radians / radiansPerDegree
