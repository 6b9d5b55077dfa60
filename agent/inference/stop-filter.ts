/**
 * Ends a stream of text at the first stop sequence, which is not part of the output. Text that may turn out to be the
 * beginning of a stop sequence is held back until it is known.
 */
export class StopFilter {
  readonly #stops: readonly string[]
  #held = ''
  #stopped = false

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '')
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** The text that can be sent now. */
  push(text: string): string {
    if (this.#stopped) return ''
    const all = this.#held + text
    const ends = this.#stops.map((stop) => all.indexOf(stop)).filter((at) => at !== -1)
    if (ends.length > 0) {
      this.#stopped = true
      this.#held = ''
      return all.slice(0, Math.min(...ends))
    }
    const keep = Math.max(0, ...this.#stops.map((stop) => overlap(all, stop)))
    this.#held = all.slice(all.length - keep)
    return all.slice(0, all.length - keep)
  }

  /** What was held back, once no more text comes. */
  end(): string {
    const rest = this.#held
    this.#held = ''
    return rest
  }
}

/** The longest end of the text that is a beginning of the stop sequence. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}
