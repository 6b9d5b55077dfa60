/** Time between two signs of life, ms. */
export const heartbeatPeriodMs = 1_000

export interface HeartbeatOptions {
  /** Signs of life of the other side may be missing for this long, ms. */
  readonly silenceLimitMs: number
  readonly send: () => void
  readonly onSilence: () => void
}

/**
 * Signs of life on one connection: a machine that lost its power or its cable closes nothing, and the kernel would go on
 * sending to it for a quarter of an hour. It counts its own turns, not the time, so that a pause of this process is not taken
 * for silence of the other.
 */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout
  #silentTurns = 0

  constructor({ silenceLimitMs, send, onSilence }: HeartbeatOptions) {
    const mostSilentTurns = Math.ceil(silenceLimitMs / heartbeatPeriodMs)
    this.#timer = setInterval(() => {
      this.#silentTurns += 1
      if (this.#silentTurns > mostSilentTurns) onSilence()
      else send()
    }, heartbeatPeriodMs)
  }

  /** Something has arrived. */
  heard(): void {
    this.#silentTurns = 0
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
