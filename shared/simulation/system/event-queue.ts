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
  /** Places in `#occurrences` by time: a heap of small numbers is faster than one of objects. */
  readonly #later = new FlatQueue<number>()
  readonly #occurrences: (Occurrence | null)[] = []
  readonly #freePlaces: number[] = []
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

  /** One occurrence was several things at once. */
  alsoHappened(more: number): void {
    this.#happened += more
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
    const place = this.#freePlaces.pop() ?? this.#occurrences.length
    this.#occurrences[place] = occurrence
    this.#later.push(place, timeMs)
  }

  /** Let the next thing happen. False when there is none. */
  step(): boolean {
    const occurrence = this.#next()
    if (occurrence === null) return false
    this.#happened += 1
    occurrence.happen()
    return true
  }

  #next(): Occurrence | null {
    if (this.#head < this.#present.length) {
      const occurrence = this.#present[this.#head++] as Occurrence
      if (this.#head === portion) {
        this.#present.splice(0, portion)
        this.#head = 0
      }
      return occurrence
    }
    if (this.#head > 0) {
      this.#present.length = 0
      this.#head = 0
    }
    return this.#advance()
  }

  /** Go to the next moment at which anything happens, and take the first thing of it. */
  #advance(): Occurrence | null {
    const time = this.#later.peekValue()
    if (time === undefined) return null
    this.#nowMs = time
    const first = this.#takeEarliest()
    if (this.#later.peekValue() !== time) return first
    this.#present.push(first)
    do this.#present.push(this.#takeEarliest())
    while (this.#later.peekValue() === time)
    sortByOrder(this.#present)
    return this.#present[this.#head++] as Occurrence
  }

  #takeEarliest(): Occurrence {
    const place = this.#later.pop() as number
    const occurrence = this.#occurrences[place] as Occurrence
    this.#occurrences[place] = null
    this.#freePlaces.push(place)
    return occurrence
  }
}

/** Mostly two things are due together, symmetrical ways being equally long: to compare them is faster than to sort. */
function sortByOrder(occurrences: Occurrence[]): void {
  const [first, second] = occurrences as [Occurrence, Occurrence]
  if (occurrences.length > 2) occurrences.sort((a, b) => a.order - b.order)
  else if (first.order > second.order) occurrences.reverse()
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
