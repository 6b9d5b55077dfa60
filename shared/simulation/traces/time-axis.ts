import { BadRecord } from './bad-record'

/**
 * Puts requests on the trace's clock. In order: times count from the first request, and one that goes back is a bad record. Otherwise times
 * stay as they are until the whole trace is sorted.
 */
export class TimeAxis {
  readonly #inOrder: boolean
  #originMs = NaN
  #lastMs = -Infinity

  constructor(inOrder: boolean) {
    this.#inOrder = inOrder
  }

  /** @throws BadRecord for a time before that of the request before */
  check(timeMs: number): void {
    if (!this.#inOrder || timeMs >= this.#lastMs) return
    const back = Math.round((this.#lastMs - timeMs) * 1000) / 1000
    throw new BadRecord(
      `its time lies ${back} ms before that of the request before`,
      'Sort the whole trace with --sort-by-time, or skip such requests with --skip-bad-lines.',
    )
  }

  /** The time that a request gets; to be called once a request, when nothing else can be wrong with it. */
  place(timeMs: number): number {
    if (!this.#inOrder) return timeMs
    this.check(timeMs)
    if (this.#lastMs === -Infinity) this.#originMs = timeMs
    this.#lastMs = timeMs
    return timeMs - this.#originMs
  }
}
