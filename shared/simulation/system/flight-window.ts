/** Packets that leave one after another as the window has room for them. */
export interface Sender {
  /** Bytes that the next packet counts for; 0 when all have left. */
  readonly nextBytes: number
  /** Send the next packet. */
  sendNext(): void
}

/** Bounds the bytes that are asked for or sent without an answer; who comes first goes first. */
export class FlightWindow {
  readonly #limit: number
  readonly #waiting: Sender[] = []
  #head = 0
  #inFlight = 0

  /** @param limit bytes; one packet larger than it goes alone */
  constructor(limit: number) {
    this.#limit = limit
  }

  get bytesInFlight(): number {
    return this.#inFlight
  }

  /** All packets of this sender, behind those that wait already. */
  enter(sender: Sender): void {
    this.#waiting.push(sender)
    this.#admit()
  }

  /** A packet of so many bytes needs its place no longer. */
  leave(bytes: number): void {
    this.#inFlight -= bytes
    this.#admit()
  }

  #admit(): void {
    while (this.#head < this.#waiting.length) {
      const sender = this.#waiting[this.#head] as Sender
      const bytes = sender.nextBytes
      if (bytes === 0) {
        this.#head += 1
        if (this.#head * 2 > this.#waiting.length) {
          this.#waiting.splice(0, this.#head)
          this.#head = 0
        }
        continue
      }
      if (this.#inFlight > 0 && this.#inFlight + bytes > this.#limit) return
      this.#inFlight += bytes
      sender.sendNext()
    }
  }
}
