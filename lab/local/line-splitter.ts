/** Longest line that is kept whole; the rest of a longer one is cut off, so that a runaway host cannot fill the memory. */
const longestLine = 16_384

/** Cuts text that arrives in pieces into lines; owns no stream. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  #rest = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n/)
    this.#rest = (lines.pop() as string).slice(0, longestLine)
    for (const line of lines) if (line !== '') this.#onLine(line.slice(0, longestLine))
  }

  end(): void {
    if (this.#rest !== '') this.#onLine(this.#rest)
    this.#rest = ''
  }
}
