import { randomStreams, type RandomStream } from '../../workload/random'

/** Arrivals that are declared because the trace has none. */
export interface ArrivalModel {
  /** Mean arrivals a second: of conversations, or of requests that stand alone. */
  readonly perSecond: number
  /** Seed of the exponential gaps between them, unsigned 32 bit. */
  readonly seed: number
  /** From one turn of a conversation to its next, seconds. */
  readonly turnGapS: number
}

/** What `ArrivalModel` takes where nobody says otherwise. The gap is a guess at how long people read and type; it is declared with every result. */
export const arrivalDefaults = { seed: 1, turnGapS: 30 } as const

/** Arrival times of a Poisson process, ms, the first at 0. */
export class PoissonArrivals {
  readonly #random: RandomStream
  readonly #meanGapMs: number
  #nextMs = 0

  constructor({ perSecond, seed }: ArrivalModel) {
    this.#random = randomStreams(seed).next().value
    this.#meanGapMs = 1000 / perSecond
  }

  next(): number {
    const now = this.#nextMs
    this.#nextMs += -Math.log(1 - this.#random.real()) * this.#meanGapMs
    return now
  }
}
