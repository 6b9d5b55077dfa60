import type { Packet } from '#shared/protocol/packet'

/** What one operation took; in `virtual` delay mode light time is part of it. */
export interface Timing {
  /** From the first packet sent to the last one needed. */
  readonly ms: number
  /** The part of `ms` that nothing waited for: light time in `virtual` mode. */
  readonly virtualMs: number
}

/** Times one operation. In `virtual` mode each answer counts as arriving its light time later than it really did. */
export class OperationClock {
  readonly #virtual: boolean
  readonly #start: number
  #measuredMs = 0
  #ms = 0
  /** Virtual light time of the stages that are over: a later stage could only have begun after it. */
  #stageMs = 0

  /** @param begun when the operation began, on the clock of `performance.now()` */
  constructor(virtual: boolean, begun = performance.now()) {
    this.#virtual = virtual
    this.#start = begun
  }

  answered(answer: Packet): void {
    const elapsed = performance.now() - this.#start
    const light = this.#virtual ? answer.propagationUs / 1000 : 0
    this.#measuredMs = Math.max(this.#measuredMs, elapsed)
    this.#ms = Math.max(this.#ms, elapsed + this.#stageMs + light)
  }

  /** Everything answered so far had to come before what follows. */
  nextStage(): void {
    this.#stageMs = this.#ms - this.#measuredMs
  }

  timing(): Timing {
    return { ms: this.#ms, virtualMs: this.#ms - this.#measuredMs }
  }
}

/** The timing of operations that ran side by side: they end with the slowest. */
export function slowest(timings: readonly Timing[]): Timing {
  let ms = 0
  let measuredMs = 0
  for (const timing of timings) {
    ms = Math.max(ms, timing.ms)
    measuredMs = Math.max(measuredMs, timing.ms - timing.virtualMs)
  }
  return { ms, virtualMs: ms - measuredMs }
}
