interface Due {
  readonly at: number
  readonly act: () => void
}

/** Made-up time: what is to happen later happens when `runUntil` comes to it, in order. */
export class DemoClock {
  readonly #now: () => number
  #due: Due[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  now(): number {
    return this.#now()
  }

  /** @returns what takes it back */
  after(ms: number, act: () => void): () => void {
    const due = { at: this.#now() + ms, act }
    this.#due = [...this.#due, due].sort((a, b) => a.at - b.at)
    return () => (this.#due = this.#due.filter((one) => one !== due))
  }

  /** Do what is due by now. */
  step(): void {
    for (let next = this.#due[0]; next !== undefined && next.at <= this.#now(); next = this.#due[0]) {
      this.#due = this.#due.slice(1)
      next.act()
    }
  }
}
