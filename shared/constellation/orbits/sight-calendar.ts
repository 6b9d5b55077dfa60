import { toRadians } from './earth'
import { distanceBetween, origin, type Ephemeris } from './ephemeris'
import { angleBetween, reachRad, sineOfElevation, type Site } from './ground-station'

/** Days of the calendar: a satellite that is out of reach for longer is looked at again after so many steps. */
const ringSteps = 4096
const nobody = -1

/**
 * Which satellites are in sight, step by step. A satellite far from the site is not looked at again before it could
 * have come into reach at the greatest speed of all: a step costs what the satellites near the site cost, however many
 * there are elsewhere.
 */
export class SightCalendar {
  /** Satellites in sight at the current step, ascending. */
  inSight: Int32Array = new Int32Array(0)
  /** Of each of those: the sine of its elevation, and its distance, m. By satellite. */
  readonly sineOfElevation: Float64Array
  readonly distanceM: Float64Array
  readonly #minSine: number
  readonly #reachRad: number
  /** First satellite of each day, and by satellite the next one of the same day. */
  readonly #first = new Int32Array(ringSteps).fill(nobody)
  readonly #next: Int32Array
  readonly #point = origin()
  #step = -1

  constructor(
    private readonly ephemeris: Ephemeris,
    private readonly site: Site,
    minElevationDeg: number,
    private readonly stepS: number,
  ) {
    this.#minSine = Math.sin(toRadians(minElevationDeg))
    this.#reachRad = reachRad(site, minElevationDeg, ephemeris.maxRadiusM)
    this.sineOfElevation = new Float64Array(ephemeris.count)
    this.distanceM = new Float64Array(ephemeris.count)
    this.#next = new Int32Array(ephemeris.count)
    for (let satellite = 0; satellite < ephemeris.count; satellite++) this.#enter(satellite, 0)
  }

  /** Goes on to the next step; the first call looks at step 0. */
  advance(): void {
    const step = ++this.#step
    const day = step % ringSteps
    let satellite = this.#first[day] as number
    this.#first[day] = nobody
    const found: number[] = []
    while (satellite !== nobody) {
      const following = this.#next[satellite] as number
      const waitSteps = this.#look(satellite, step * this.stepS)
      if (waitSteps === 0) found.push(satellite)
      this.#enter(satellite, step + Math.min(ringSteps - 1, Math.max(1, waitSteps)))
      satellite = following
    }
    this.inSight = Int32Array.from(found).sort()
  }

  /** Steps for which the satellite is surely out of sight; 0 when it is in sight. */
  #look(satellite: number, tS: number): number {
    this.ephemeris.locate(satellite, tS, this.#point)
    const sine = sineOfElevation(this.site, this.#point)
    if (sine >= this.#minSine) {
      this.sineOfElevation[satellite] = sine
      this.distanceM[satellite] = distanceBetween(this.site.at, this.#point)
      return 0
    }
    const outsideRad = angleBetween(this.site.at, this.#point) - this.#reachRad
    return Math.max(1, Math.floor(outsideRad / (this.ephemeris.maxTurnRadPerS * this.stepS)))
  }

  #enter(satellite: number, step: number): void {
    const day = step % ringSteps
    this.#next[satellite] = this.#first[day] as number
    this.#first[day] = satellite
  }
}
