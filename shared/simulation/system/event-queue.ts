import FlatQueue from 'flatqueue'

/** Something that happens at one moment of the simulated time. */
export interface Occurrence {
  /** Number given when it was scheduled: of two things at one moment, the one that was scheduled first happens first. */
  order: number
  happen(): void
}

/** Things that happened are removed from the list of the present moment in portions of this many. */
const portion = 4_096

/**
 * The clock of a simulation, and what is still to happen. Everything of one moment happens in the order in which it was
 * scheduled, so that a simulation is repeatable, and packets of no delay keep their order.
 */
export class EventQueue {
  readonly #later = new FlatQueue<Occurrence>()
  /** What happens at this very moment, in order, from `#head` on. */
  readonly #present: Occurrence[] = []
  #head = 0
  #scheduled = 0
  #happened = 0
  #nowMs = 0

  /** Simulated time since the start, ms. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** How much has happened so far. */
  get happened(): number {
    return this.#happened
  }

  /** At this moment, after everything that is scheduled for it already. */
  soon(occurrence: Occurrence): void {
    occurrence.order = this.#scheduled++
    this.#present.push(occurrence)
  }

  /** At a moment that is not over; one in the past counts as now. */
  at(timeMs: number, occurrence: Occurrence): void {
    if (timeMs <= this.#nowMs) return this.soon(occurrence)
    occurrence.order = this.#scheduled++
    this.#later.push(occurrence, timeMs)
  }

  /** Let the next thing happen. False when there is none. */
  step(): boolean {
    if (this.#head === this.#present.length && !this.#advance()) return false
    const occurrence = this.#present[this.#head++] as Occurrence
    if (this.#head === portion) {
      this.#present.splice(0, portion)
      this.#head = 0
    }
    this.#happened += 1
    occurrence.happen()
    return true
  }

  /** Go to the next moment at which anything happens. */
  #advance(): boolean {
    const time = this.#later.peekValue()
    if (time === undefined) return false
    this.#nowMs = time
    this.#present.length = 0
    this.#head = 0
    do this.#present.push(this.#later.pop() as Occurrence)
    while (this.#later.peekValue() === time)
    if (this.#present.length > 1) this.#present.sort((a, b) => a.order - b.order)
    return true
  }
}

/** A function as something that happens once. */
export class Call implements Occurrence {
  order = 0
  readonly #call: () => void

  constructor(call: () => void) {
    this.#call = call
  }

  happen(): void {
    this.#call()
  }
}
