import type { Log } from '../log'

/** The same line is not said again for this long, ms: whoever is refused dials again every second. */
const quietMs = 60_000
/** Different lines that are remembered; more come from somebody who wants to fill the log. */
const mostLines = 1_000

/** Warns once of what happens over and over, and then once a minute, with how often it was. */
export class RepeatedLines {
  readonly #log: Log
  readonly #now: () => number
  readonly #lines = new Map<string, { saidAt: number; unsaid: number }>()

  /** @param now ms by a clock that is never set */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  warn(text: string): void {
    const now = this.#now()
    const line = this.#lines.get(text)
    if (line !== undefined && now - line.saidAt < quietMs) {
      line.unsaid += 1
      return
    }
    const repeated = line === undefined || line.unsaid === 0 ? '' : ` (and ${line.unsaid} times before)`
    if (line === undefined && this.#lines.size >= mostLines) this.#lines.clear()
    this.#lines.set(text, { saidAt: now, unsaid: 0 })
    this.#log.warn(`${text}${repeated}`)
  }
}
