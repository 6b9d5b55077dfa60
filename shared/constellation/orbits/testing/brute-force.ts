import { earthRadiusM } from '../../geometry'
import { earthRotationRadPerS, gravitationalParameter, toDegrees, toRadians } from '../earth'
import { nodeDeg, startLatitudeDeg, type Walker } from '../walker'
import type { GroundStation } from '../ground-station'

/** How one satellite stands over a station, by spherical trigonometry on Earth's surface: no vectors, no calendar. */
export interface Sighting {
  readonly elevationDeg: number
  readonly distanceM: number
}

export function sightingOf(walker: Walker, satellite: number, station: GroundStation, tS: number): Sighting {
  const [slot, plane] = [satellite % walker.torus.slots, Math.floor(satellite / walker.torus.slots)]
  const radiusM = earthRadiusM + walker.altitudeM
  const motion = Math.sqrt(gravitationalParameter / radiusM ** 3)
  const u = toRadians(startLatitudeDeg(walker, slot, plane)) + motion * tS
  const inclination = toRadians(walker.inclinationDeg)
  // The point below the satellite.
  const latitude = Math.asin(Math.sin(inclination) * Math.sin(u))
  const fromNode = Math.atan2(Math.cos(inclination) * Math.sin(u), Math.cos(u))
  const longitude = toRadians(nodeDeg(walker, plane)) + fromNode - earthRotationRadPerS * tS
  // The angle at Earth's centre to the station (haversine), then the triangle of centre, station and satellite.
  const stationLatitude = toRadians(station.latitudeDeg)
  const half =
    Math.sin((latitude - stationLatitude) / 2) ** 2 +
    Math.cos(latitude) *
      Math.cos(stationLatitude) *
      Math.sin((longitude - toRadians(station.longitudeDeg)) / 2) ** 2
  const angle = 2 * Math.asin(Math.min(1, Math.sqrt(half)))
  const stationM = earthRadiusM + station.altitudeM
  return {
    elevationDeg: toDegrees(Math.atan2(Math.cos(angle) * radiusM - stationM, radiusM * Math.sin(angle))),
    distanceM: Math.sqrt(radiusM ** 2 + stationM ** 2 - 2 * radiusM * stationM * Math.cos(angle)),
  }
}
