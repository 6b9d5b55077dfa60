import type { EventRecord } from '#shared/experiment/records'
import type { KvcClient } from '../kvc/kvc-client'
import type { TrialClock } from './trial-clock'

export interface RotationsOptions {
  readonly kvc: KvcClient
  readonly clock: TrialClock
  /** ms between two rotations by the clock; 0 = never. */
  readonly periodMs: number
  /** Rotate after so many answered requests, before the next one starts; 0 = never. */
  readonly everyRequests: number
  readonly note: (name: EventRecord['name'], message: string) => void
}

/** Turns the constellation during a trial: by the trial's clock, or after every so many requests. One rotation at a time. */
export class Rotations {
  readonly #options: RotationsOptions
  #turning: Promise<void> | null = null
  #begun = 0
  #answered = 0

  constructor(options: RotationsOptions) {
    this.#options = options
  }

  /** By the clock, until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { periodMs, clock } = this.#options
    if (periodMs === 0) return
    try {
      for (;;) {
        await clock.until((this.#begun + 1) * periodMs, signal)
        await this.#turn()
      }
    } catch (thrown) {
      if (!signal.aborted) throw thrown
    }
  }

  requestAnswered(): void {
    this.#answered += 1
  }

  /** What is due by the number of answered requests, before another one starts. */
  async beforeRequest(): Promise<void> {
    const { everyRequests } = this.#options
    if (everyRequests === 0) return
    while (this.#turning !== null || this.#begun < Math.floor(this.#answered / everyRequests)) {
      await this.#turn()
    }
  }

  /** One rotation; who asks while one runs waits for that one. */
  #turn(): Promise<void> {
    this.#turning ??= this.#rotate().finally(() => {
      this.#turning = null
    })
    return this.#turning
  }

  async #rotate(): Promise<void> {
    const { kvc, note } = this.#options
    const rotation = ++this.#begun
    note('rotation_started', `rotation ${rotation}`)
    const { chunks, bytes } = await kvc.rotate()
    note('rotation_finished', `rotation ${rotation}: ${chunks} chunks, ${bytes} B moved`)
  }
}
