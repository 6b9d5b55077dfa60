/** Work that is behind and before a run, in requests over all its trials. */
export interface Work {
  readonly done: number
  readonly total: number
}

/** Share of the work that is done, 0..1. */
export function progressOf({ done, total }: Work): number {
  return total === 0 ? 0 : Math.min(1, done / total)
}

/**
 * How fast a run goes: measured while it runs, paused time left out.
 * Work that was done before this program started (a resumed run) tells nothing about the pace now.
 */
export class Pace {
  #runningMs = 0
  #since: number | null = null
  readonly #doneBefore: number

  constructor(doneBefore: number) {
    this.#doneBefore = doneBefore
  }

  /** @param now ms of a clock that never goes back */
  run(now: number): void {
    this.#since ??= now
  }

  stop(now: number): void {
    if (this.#since !== null) this.#runningMs += now - this.#since
    this.#since = null
  }

  /** Seconds that the rest will take at the pace so far; null before anything is done. */
  remainingS(work: Work, now: number): number | null {
    const done = work.done - this.#doneBefore
    const ms = this.#runningMs + (this.#since === null ? 0 : now - this.#since)
    if (work.total <= work.done) return 0
    if (done <= 0 || ms <= 0) return null
    return ((work.total - work.done) * ms) / done / 1000
  }
}
