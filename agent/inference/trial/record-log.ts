import type { SkyError } from '#shared/contract/errors'
import type { JournalEntry } from '#shared/experiment/records'
import type { Journal } from './journal'

/**
 * Puts records into the journal in order, and keeps those that it cannot take (a full disk) until it can.
 * How many wait is bounded by what was running when the trouble began: nothing new starts meanwhile.
 */
export class RecordLog {
  readonly #journal: Journal
  readonly #onEntry: (entry: JournalEntry) => void
  readonly #onProblem: (problem: SkyError) => void
  #waiting: JournalEntry['record'][] = []

  constructor(
    journal: Journal,
    onEntry: (entry: JournalEntry) => void,
    onProblem: (problem: SkyError) => void,
  ) {
    this.#journal = journal
    this.#onEntry = onEntry
    this.#onProblem = onProblem
  }

  append(record: JournalEntry['record']): void {
    this.#waiting.push(record)
    this.flush()
  }

  /** True when nothing waits any more. */
  flush(): boolean {
    for (let record = this.#waiting[0]; record !== undefined; record = this.#waiting[0]) {
      try {
        const entry = this.#journal.append(record)
        this.#waiting.shift()
        this.#onEntry(entry)
      } catch (thrown) {
        this.#onProblem(thrown as SkyError)
        return false
      }
    }
    return true
  }
}
