import { positionOf, samePosition, type Position, type Torus } from '../torus'
import type { Ephemeris } from './ephemeris'
import type { SightCalendar } from './sight-calendar'
import type { SkyView } from './sky'

/** `highest`: the centre is always the highest satellite. `hold`: it stays until it is out of sight. */
export const handoverRules = ['highest', 'hold'] as const
export type HandoverRule = (typeof handoverRules)[number]

/** Which satellites may become the centre: those on any half of their orbit, or on one of them only. */
export const passes = ['any', 'ascending', 'descending'] as const
export type Pass = (typeof passes)[number]

export interface SkyViewsOptions {
  readonly torus: Torus
  readonly ephemeris: Ephemeris
  readonly handover: HandoverRule
  readonly pass: Pass
  readonly stepS: number
}

/** A view ends after so long even if nothing changes, so that looking for its end comes to an end, s. */
const longestViewS = 3600

type OpenView = Omit<SkyView, 'untilS'>

/** All views from the start on, made as far as they are asked for, and kept. */
export class SkyViews {
  readonly #closed: SkyView[] = []
  #open: OpenView
  /** The open view's window, ascending. */
  #inSight: Int32Array
  #step = 0
  /** Where the last answer was found: questions come in the order of time, mostly. */
  #last = 0

  constructor(
    private readonly options: SkyViewsOptions,
    private readonly calendar: SightCalendar,
  ) {
    calendar.advance()
    const centre = this.#centre(null)
    this.#inSight = calendar.inSight
    this.#open = { fromS: 0, epoch: 0, centre, placementCentre: centre, window: this.#nearestFirst() }
  }

  at(tS: number): SkyView {
    while (tS >= (this.#closed.at(-1)?.untilS ?? 0)) this.#close()
    const last = this.#closed[this.#last]
    if (last === undefined || tS < last.fromS || tS >= last.untilS) this.#last = this.#find(tS)
    return this.#closed[this.#last] as SkyView
  }

  /** Goes on to the step at which the open view ends, and opens the next one. */
  #close(): void {
    const open = this.#open
    const lastStep = this.#step + Math.max(1, Math.floor(longestViewS / this.options.stepS))
    for (;;) {
      this.calendar.advance()
      this.#step++
      const centre = this.#centre(open.centre)
      const isSame = sameCentre(centre, open.centre) && sameSatellites(this.calendar.inSight, this.#inSight)
      if (isSame && this.#step < lastStep) continue

      const fromS = this.#step * this.options.stepS
      this.#closed.push({ ...open, untilS: fromS })
      const placementCentre = centre ?? open.placementCentre
      const isNewEpoch = open.placementCentre !== null && !sameCentre(placementCentre, open.placementCentre)
      this.#inSight = this.calendar.inSight
      this.#open = {
        fromS,
        epoch: open.epoch + (isNewEpoch ? 1 : 0),
        centre,
        placementCentre,
        window: this.#nearestFirst(),
      }
      return
    }
  }

  #centre(held: Position | null): Position | null {
    const { torus, ephemeris, handover, pass, stepS } = this.options
    const { inSight, sineOfElevation } = this.calendar
    let [best, highest] = [-1, -Infinity]
    for (const satellite of inSight) {
      if (handover === 'hold' && held !== null && samePosition(positionOf(torus, satellite), held))
        return held
      const sine = sineOfElevation[satellite] as number
      if (sine <= highest) continue
      if (pass !== 'any' && ephemeris.isAscending(satellite, this.#step * stepS) !== (pass === 'ascending'))
        continue
      best = satellite
      highest = sine
    }
    return best === -1 ? null : positionOf(torus, best)
  }

  #nearestFirst(): Int32Array {
    const { inSight, distanceM } = this.calendar
    // Equal distances stay in ascending order.
    return inSight.slice().sort((a, b) => (distanceM[a] as number) - (distanceM[b] as number) || a - b)
  }

  /** Index of the closed view that holds at this time. */
  #find(tS: number): number {
    let [low, high] = [0, this.#closed.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#closed[middle] as SkyView).fromS <= tS) low = middle
      else high = middle - 1
    }
    return low
  }
}

function sameCentre(a: Position | null, b: Position | null): boolean {
  return a === null || b === null ? a === b : samePosition(a, b)
}

function sameSatellites(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((satellite, i) => satellite === b[i])
}
