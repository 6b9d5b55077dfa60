export interface ClockReaders {
  /** Unix ms as the machine tells it, without fractions. */
  readonly wallMs: () => number
  /** ms by a clock that is never set, with fractions. */
  readonly monotonicMs: () => number
}

/** What was found out about a clock that may be set holds for this long, ms: time services slew it by 0.5 ms a second at most. */
const validMs = 1_000
/** A clock that does not turn within this time is taken as it is, ms. */
const edgeLimitMs = 3

/**
 * The wall clock with fractions of a millisecond. It waits for the moment in which the millisecond turns, 0.5 ms on average,
 * and counts on from there by the clock that is never set.
 */
export class WallClock {
  readonly #readers: ClockReaders
  #offsetMs = 0
  #foundAt = -Infinity

  constructor(readers: ClockReaders) {
    this.#readers = readers
  }

  /** Unix ms, now or at a moment of the clock that is never set. */
  now(monotonicMs = this.#readers.monotonicMs()): number {
    if (this.#readers.monotonicMs() - this.#foundAt > validMs) this.#find()
    return monotonicMs + this.#offsetMs
  }

  #find(): void {
    const { wallMs, monotonicMs } = this.#readers
    const began = monotonicMs()
    const before = wallMs()
    let [wall, at] = [before, began]
    while (wall === before && at - began < edgeLimitMs) [wall, at] = [wallMs(), monotonicMs()]
    this.#offsetMs = wall - at
    this.#foundAt = at
  }
}
