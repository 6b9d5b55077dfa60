import { sleepUntil } from '../../clock/wait'

/** The time that a trial has run, pauses left out. */
export class TrialClock {
  #startedAt: number | null = null
  #elapsedBefore = 0
  #pause = new AbortController()
  #resumed: { promise: Promise<void>; resolve: () => void } | null = null

  start(): void {
    this.#startedAt = performance.now()
  }

  get paused(): boolean {
    return this.#resumed !== null
  }

  elapsedMs(): number {
    return this.#elapsedBefore + (this.#startedAt === null ? 0 : performance.now() - this.#startedAt)
  }

  pause(): void {
    if (this.#resumed !== null) return
    this.#elapsedBefore = this.elapsedMs()
    this.#startedAt = null
    let resolve = (): void => undefined
    const promise = new Promise<void>((done) => (resolve = done))
    this.#resumed = { promise, resolve }
    this.#pause.abort()
  }

  resume(): void {
    if (this.#resumed === null) return
    this.#pause = new AbortController()
    this.start()
    const { resolve } = this.#resumed
    this.#resumed = null
    resolve()
  }

  /** Resolves at once while the trial runs, else when it goes on. */
  async running(): Promise<void> {
    while (this.#resumed !== null) await this.#resumed.promise
  }

  /** Waits until the trial has run for this long; rejects when the signal is aborted. */
  async until(elapsedMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.running()
      if (signal.aborted) throw signal.reason
      const left = elapsedMs - this.elapsedMs()
      if (left <= 0) return
      const pause = this.#pause.signal
      try {
        await sleepUntil(performance.now() + left, AbortSignal.any([signal, pause]))
      } catch (thrown) {
        if (signal.aborted || !pause.aborted) throw thrown
      }
    }
  }
}
