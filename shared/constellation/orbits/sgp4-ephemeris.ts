import { gstime, sgp4, twoline2satrec, type SatRec } from 'satellite.js'
import { SkyError } from '../../contract/errors'
import { earthRotationRadPerS } from './earth'
import type { Ephemeris } from './ephemeris'
import type { OrbitElements } from './orbit-elements'
import type { ElementSet } from './tle-file'

/** SGP4's answer for one satellite: m and m/s in its own frame (TEME), which does not turn with Earth. */
interface State {
  readonly positionM: readonly [number, number, number]
  readonly velocityMPerS: readonly [number, number, number]
}

/** One satellite by SGP4 (Vallado, Crawford, Hujsak, Kelso, "Revisiting Spacetrack Report #3", AIAA 2006-6753). */
export class Propagator {
  readonly record: SatRec
  readonly #startMinutes: number

  constructor(
    readonly set: ElementSet,
    startMs: number,
  ) {
    this.record = twoline2satrec(set.line1, set.line2)
    this.#startMinutes = (startMs - set.epochMs) / 60_000
  }

  /** Null where SGP4 has no answer, as after a decay. */
  stateAt(tS: number): State | null {
    const answer = sgp4(this.record, this.#startMinutes + tS / 60)
    if (answer === null || !Number.isFinite(answer.position.x)) return null
    const { position: p, velocity: v } = answer
    return {
      positionM: [p.x * 1000, p.y * 1000, p.z * 1000],
      velocityMPerS: [v.x * 1000, v.y * 1000, v.z * 1000],
    }
  }

  /** Mean elements at the start, by their secular rates (drag apart): what planes and slots are told by. */
  meanElements(): OrbitElements {
    const { no, inclo, nodeo, nodedot, argpo, argpdot, mo, mdot } = this.record
    const t = this.#startMinutes
    return {
      meanMotionRadPerS: no / 60,
      inclinationRad: inclo,
      nodeRad: nodeo + nodedot * t,
      latitudeRad: argpo + mo + (argpdot + mdot) * t,
    }
  }
}

/**
 * SGP4 is asked at knots this far apart, s. Between them goes a cubic with the same positions and velocities: within
 * 10 cm of SGP4 in a low orbit, within 5 m at the perigee of a very eccentric one; SGP4 itself is off by a kilometre.
 */
const knotS = 30
/** Numbers kept of a satellite: position and velocity at a knot and at the next one. */
const numbersKept = 12
/** No time has this knot or the one after it. */
const unknownKnot = -(2 ** 31)
const secondsPerDay = 86_400
/** Julian date of 1970-01-01. */
const julianDate1970 = 2_440_587.5
/** Periodic terms of SGP4 move a satellite away from its mean orbit by far less than this share of its radius. */
const orbitMargin = 1.02

/**
 * Satellites by SGP4, turned from its frame (TEME) to the one of the ground by Greenwich mean sidereal time; polar motion
 * and UT1-UTC, at most some tens of metres, are left out.
 * @throws SkyError invalid_argument, from `locate`: a satellite that SGP4 lets decay before the time asked for
 */
export function sgp4Ephemeris(satellites: readonly Propagator[], startMs: number): Ephemeris {
  const knots = new Int32Array(satellites.length).fill(unknownKnot)
  const kept = new Float64Array(satellites.length * numbersKept)
  const startSiderealRad = gstime(startMs / (secondsPerDay * 1000) + julianDate1970)
  let [turnedS, cosine, sine] = [NaN, 1, 0]

  const write = (satellite: number, knot: number, offset: number): void => {
    const propagator = satellites[satellite] as Propagator
    const state = propagator.stateAt(knot * knotS)
    if (state === null) throw decayed(propagator.set, startMs + knot * knotS * 1000)
    kept.set(state.positionM, offset)
    kept.set(state.velocityMPerS, offset + 3)
  }
  /** Makes sure that the knots around this time are kept, and says where. */
  const around = (satellite: number, tS: number): number => {
    const offset = satellite * numbersKept
    const knot = Math.floor(tS / knotS)
    if (knots[satellite] === knot) return offset
    if (knots[satellite] === knot - 1) kept.copyWithin(offset, offset + 6, offset + 12)
    else write(satellite, knot, offset)
    write(satellite, knot + 1, offset + 6)
    knots[satellite] = knot
    return offset
  }
  const valueAt = (o: number, s: number): number =>
    hermite(kept[o] as number, kept[o + 3] as number, kept[o + 6] as number, kept[o + 9] as number, s)

  return {
    count: satellites.length,
    maxRadiusM: Math.max(...satellites.map((each) => apsides(each.record).apogeeM)) * orbitMargin,
    maxTurnRadPerS:
      Math.max(...satellites.map((each) => apsides(each.record).perigeeTurnRadPerS)) * orbitMargin +
      earthRotationRadPerS,
    locate: (satellite, tS, into) => {
      const offset = around(satellite, tS)
      const s = tS / knotS - Math.floor(tS / knotS)
      const x = valueAt(offset, s)
      const y = valueAt(offset + 1, s)
      if (tS !== turnedS) {
        turnedS = tS
        const angle = startSiderealRad + earthRotationRadPerS * tS
        cosine = Math.cos(angle)
        sine = Math.sin(angle)
      }
      into.x = x * cosine + y * sine
      into.y = y * cosine - x * sine
      into.z = valueAt(offset + 2, s)
    },
    isAscending: (satellite, tS) => {
      const o = around(satellite, tS) + 2
      const s = tS / knotS - Math.floor(tS / knotS)
      const [z0, v0, z1, v1] = [kept[o], kept[o + 3], kept[o + 6], kept[o + 9]] as [
        number,
        number,
        number,
        number,
      ]
      const chordRise = (6 * s * (1 - s) * (z1 - z0)) / knotS
      return chordRise + (1 - s) * (1 - 3 * s) * v0 + s * (3 * s - 2) * v1 > 0
    },
  }
}

/** The cubic with these values and rates (per s) at two knots, at the share s of the way between them. */
function hermite(p0: number, v0: number, p1: number, v1: number, s: number): number {
  const r = 1 - s
  return r * r * (p0 * (1 + 2 * s) + v0 * knotS * s) + s * s * (p1 * (3 - 2 * s) - v1 * knotS * r)
}

/** Kepler's orbit of an element set; `a` and `no` are in Earth radii of WGS 72 and rad/min. */
function apsides({ a, ecco, no }: SatRec): { apogeeM: number; perigeeTurnRadPerS: number } {
  const wgs72RadiusM = 6_378_135
  return {
    apogeeM: a * wgs72RadiusM * (1 + ecco),
    perigeeTurnRadPerS: ((no / 60) * Math.sqrt(1 - ecco * ecco)) / (1 - ecco) ** 2,
  }
}

function decayed({ name, catalogueNumber, epochMs }: ElementSet, atMs: number): SkyError {
  const days = ((atMs - epochMs) / (secondsPerDay * 1000)).toFixed(1)
  const message = `satellite ${name} (${catalogueNumber}) cannot be followed to ${new Date(atMs).toISOString()}: SGP4 lets its orbit decay`
  const hint = `Its elements are ${days} days old then: start nearer to them, or remove the satellite from the file.`
  return new SkyError('invalid_argument', message, hint)
}
