import { earthRadiusM } from '../geometry'
import type { Torus } from '../torus'
import { earthRotationRadPerS, orbitalPeriodS, toRadians } from './earth'
import type { Ephemeris } from './ephemeris'

/** `delta`: planes all around the equator (360°). `star`: planes over half of it (180°), as of polar orbits. */
export type WalkerPattern = 'delta' | 'star'

export interface Walker {
  readonly torus: Torus
  readonly pattern: WalkerPattern
  /** Height over a sphere of radius 6,371,000 m. */
  readonly altitudeM: number
  readonly inclinationDeg: number
  /** F of i:T/P/F, 0 to planes-1: a plane is F * 360°/T ahead of the one before it. */
  readonly phasing: number
  /** Degrees of the equator over which the ascending nodes spread; absent = 360 for delta, 180 for star. */
  readonly nodeSpreadDeg?: number
}

/**
 * Circular orbits of a Walker constellation i:T/P/F (J. G. Walker, "Satellite constellations", J. British Interplanetary
 * Society 37, 1984): P planes of equal inclination i, their nodes evenly spread, T/P satellites evenly spread in each.
 * Two-body motion around a spherical Earth that turns at a constant rate; no oblateness (J2), drag or station keeping.
 * At the start, the ascending node of plane 0 is at longitude 0, with satellite 0 in it.
 *
 * Slots do not follow Walker's numbering but the argument of latitude: slot s of every plane is within half a slot of
 * s * 360°/M at the start. So links between planes never span a whole slot, and a delta closes without a break although
 * F slots come together around it: they are spread over its planes as F shifts of one slot.
 */
export function walkerEphemeris(walker: Walker): Ephemeris {
  const { slots, planes } = walker.torus
  const radiusM = earthRadiusM + walker.altitudeM
  const motionRadPerS = (2 * Math.PI) / orbitalPeriodS(radiusM)
  const [cosI, sinI] = [
    Math.cos(toRadians(walker.inclinationDeg)),
    Math.sin(toRadians(walker.inclinationDeg)),
  ]
  const nodes = directions(planes, (plane) => toRadians(nodeDeg(walker, plane)))
  const latitudes = directions(slots * planes, (satellite) =>
    toRadians(startLatitudeDeg(walker, satellite % slots, Math.floor(satellite / slots))),
  )
  // All satellites have turned by the same angles at a time: their sines are taken once for it.
  let [knownS, cosU, sinU, cosE, sinE] = [NaN, 1, 0, 1, 0]
  const turnTo = (tS: number): void => {
    if (tS === knownS) return
    knownS = tS
    cosU = Math.cos(motionRadPerS * tS)
    sinU = Math.sin(motionRadPerS * tS)
    cosE = Math.cos(earthRotationRadPerS * tS)
    sinE = Math.sin(earthRotationRadPerS * tS)
  }
  return {
    count: slots * planes,
    maxRadiusM: radiusM,
    maxTurnRadPerS: motionRadPerS + earthRotationRadPerS,
    locate: (satellite, tS, into) => {
      turnTo(tS)
      const u = satellite * 2
      const alongNode = radiusM * ((latitudes[u] as number) * cosU - (latitudes[u + 1] as number) * sinU)
      const ahead = radiusM * ((latitudes[u + 1] as number) * cosU + (latitudes[u] as number) * sinU)
      const n = Math.floor(satellite / slots) * 2
      const cosN = (nodes[n] as number) * cosE + (nodes[n + 1] as number) * sinE
      const sinN = (nodes[n + 1] as number) * cosE - (nodes[n] as number) * sinE
      into.x = cosN * alongNode - sinN * cosI * ahead
      into.y = sinN * alongNode + cosN * cosI * ahead
      into.z = sinI * ahead
    },
    isAscending: (satellite, tS) => {
      turnTo(tS)
      const u = satellite * 2
      return (latitudes[u] as number) * cosU > (latitudes[u + 1] as number) * sinU
    },
  }
}

/** Right ascension of a plane's ascending node, degrees. */
export function nodeDeg({ torus, pattern, nodeSpreadDeg }: Walker, plane: number): number {
  return (plane * (nodeSpreadDeg ?? (pattern === 'delta' ? 360 : 180))) / torus.planes
}

/** Argument of latitude of a satellite at the start, degrees. */
export function startLatitudeDeg({ torus, phasing }: Walker, slot: number, plane: number): number {
  const aheadSlots = (plane * phasing) / torus.planes
  return ((slot + aheadSlots - Math.round(aheadSlots)) * 360) / torus.slots
}

/** Cosine and sine of each angle, one after the other. */
function directions(count: number, angleRad: (index: number) => number): Float64Array {
  const pairs = new Float64Array(count * 2)
  for (let index = 0; index < count; index++) {
    pairs[index * 2] = Math.cos(angleRad(index))
    pairs[index * 2 + 1] = Math.sin(angleRad(index))
  }
  return pairs
}
