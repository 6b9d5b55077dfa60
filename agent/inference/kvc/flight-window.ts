/** Bounds the bytes that are asked for or sent without an answer; who comes first goes first. */
export class FlightWindow {
  readonly #limit: number
  readonly #waiting: { bytes: number; go: () => void }[] = []
  #inFlight = 0

  /** @param limit bytes; one request larger than it goes alone */
  constructor(limit: number) {
    this.#limit = limit
  }

  get bytesInFlight(): number {
    return this.#inFlight
  }

  /** Runs `send` once its bytes fit, and gives their place back when it settles. */
  async run<T>(bytes: number, send: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((go) => this.#waiting.push({ bytes, go }))
    } else {
      this.#inFlight += bytes
    }
    try {
      return await send()
    } finally {
      this.#inFlight -= bytes
      this.#admit()
    }
  }

  #fits(bytes: number): boolean {
    return this.#inFlight === 0 || this.#inFlight + bytes <= this.#limit
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#inFlight += next.bytes
      next.go()
    }
  }
}
