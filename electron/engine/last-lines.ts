const keptLines = 12
const longestLine = 300

/** The last lines of a stream of text, for the message that tells of its end. */
export class LastLines {
  #complete: string[] = []
  #rest = ''

  add(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n/)
    this.#rest = (lines.pop() ?? '').slice(-longestLine)
    const complete = lines.filter((line) => line !== '').map((line) => line.slice(0, longestLine))
    this.#complete = [...this.#complete, ...complete].slice(-keptLines)
  }

  get lines(): string[] {
    return (this.#rest === '' ? this.#complete : [...this.#complete, this.#rest]).slice(-keptLines)
  }
}
