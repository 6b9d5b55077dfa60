import type { Telemetry } from '#shared/contract/agent-control'
import { machineReader, type ReadMachine } from './read-machine'
import type { Reading } from './reading'
import { telemetryBetween } from './telemetry-between'

/** Time between two readings, ms. */
const periodMs = 1_000
/** Readings go on for so long after the last question, ms: a host without a console does nothing. */
const interestMs = 10_000

/** Reads the machine once a second while somebody wants to know. */
export class MachineWatch {
  readonly #makeReader: () => Promise<ReadMachine>
  #newest: Telemetry | null = null
  #askedAt = 0
  #watching = false

  constructor(makeReader: () => Promise<ReadMachine> = () => machineReader()) {
    this.#makeReader = makeReader
  }

  /** The newest reading; null before the first one. Rates need two. */
  telemetry(): Telemetry | null {
    this.#askedAt = performance.now()
    if (!this.#watching) {
      this.#watching = true
      this.#watch().catch(() => (this.#watching = false))
    }
    return this.#newest
  }

  async #watch(): Promise<void> {
    const read = await this.#makeReader()
    let before: Reading | null = null
    const turn = async (): Promise<void> => {
      const began = performance.now()
      const reading = await read()
      this.#newest = telemetryBetween(before, reading)
      before = reading
      if (performance.now() - this.#askedAt > interestMs) {
        this.#watching = false
        this.#newest = null
        return
      }
      // A sensor that takes its time delays the next reading, and never piles them up.
      const wait = Math.max(0, periodMs - (performance.now() - began))
      setTimeout(() => void turn().catch(() => (this.#watching = false)), wait).unref()
    }
    await turn()
  }
}
