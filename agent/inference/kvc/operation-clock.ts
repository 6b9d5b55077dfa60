import type { Packet } from '#shared/protocol/packet'

/** What one operation took; in `virtual` delay mode light time is part of it. */
export interface Timing {
  /** From the first packet sent to the last one needed. */
  readonly ms: number
  /** The part of `ms` that nothing waited for: light time in `virtual` mode. */
  readonly virtualMs: number
}

/** When the first packet of an operation left; operations in several parts share one. */
export class Departure {
  #at: number | null = null

  /** A packet leaves now. */
  sent(): void {
    this.#at ??= performance.now()
  }

  elapsedMs(): number {
    return this.#at === null ? 0 : performance.now() - this.#at
  }
}

/** Times one operation. In `virtual` mode each answer counts as arriving its light time later than it really did. */
export class OperationClock {
  readonly #virtual: boolean
  readonly #departure: Departure
  #answers = 0
  #measuredMs = 0
  #ms = 0
  /** Virtual light time of the stages that are over: a later stage could only have begun after it. */
  #stageMs = 0

  constructor(virtual: boolean, departure = new Departure()) {
    this.#virtual = virtual
    this.#departure = departure
  }

  sent(): void {
    this.#departure.sent()
  }

  answered(answer: Packet): void {
    const elapsed = this.#departure.elapsedMs()
    const light = this.#virtual ? answer.propagationUs / 1000 : 0
    this.#answers += 1
    this.#measuredMs = Math.max(this.#measuredMs, elapsed)
    this.#ms = Math.max(this.#ms, elapsed + this.#stageMs + light)
  }

  /** Everything answered so far had to come before what follows. */
  nextStage(): void {
    this.#stageMs = this.#ms - this.#measuredMs
  }

  /** Null when nothing was answered: then nothing was measured. */
  timing(): Timing | null {
    return this.#answers === 0 ? null : { ms: this.#ms, virtualMs: this.#ms - this.#measuredMs }
  }
}

/** The timing of operations that ran side by side: they end with the slowest. */
export function slowest(timings: readonly (Timing | null)[]): Timing | null {
  const measured = timings.filter((timing) => timing !== null)
  if (measured.length === 0) return null
  const ms = Math.max(...measured.map((timing) => timing.ms))
  return { ms, virtualMs: ms - Math.max(...measured.map((timing) => timing.ms - timing.virtualMs)) }
}
