import { isUtf8 } from 'node:buffer'

/** A line of a text file. Lines count from 1; empty ones count too, but are not handed out. */
export type Line =
  | { readonly kind: 'text'; readonly number: number; readonly text: string; readonly endsFile: boolean }
  | { readonly kind: 'bad'; readonly number: number; readonly reason: string }

/**
 * Longest line. A prompt of a million tokens has 2,000 ids of blocks, 20 kB; what AIPerf's `text_input` may hold is more, but not that much. The limit
 * keeps a file without line breaks from filling the memory.
 */
export const longestLineBytes = 16 * 1024 * 1024

const lineFeed = 0x0a
const byteOrderMark = '\uFEFF'

/** The lines of a file, some at a time, in memory of the longest line and one piece of the source. */
export async function* linesOf(
  source: AsyncIterable<Buffer>,
  longest = longestLineBytes,
): AsyncGenerator<readonly Line[]> {
  const cutter = new LineCutter(longest)
  for await (const chunk of source) {
    const lines = cutter.push(chunk)
    if (lines.length > 0) yield lines
  }
  const last = cutter.end()
  if (last.length > 0) yield last
}

/** Cuts bytes that arrive in pieces into lines; owns no stream. */
export class LineCutter {
  readonly #longest: number
  #rest: Buffer[] = []
  #restBytes = 0
  /** The line that is being read is longer than the limit: the rest of it is dropped. */
  #tooLong = false
  #number = 0

  constructor(longest = longestLineBytes) {
    this.#longest = longest
  }

  push(chunk: Buffer): Line[] {
    const last = chunk.lastIndexOf(lineFeed)
    if (last < 0) {
      this.#keep(chunk)
      return []
    }
    const lines: Line[] = []
    let whole = chunk.subarray(0, last)
    if (this.#tooLong) {
      const first = chunk.indexOf(lineFeed)
      lines.push(this.#overlong())
      whole = first === last ? Buffer.alloc(0) : chunk.subarray(first + 1, last)
      if (first !== last) this.#cut(whole, lines)
    } else {
      this.#cut(this.#rest.length === 0 ? whole : Buffer.concat([...this.#rest, whole]), lines)
    }
    this.#rest = []
    this.#restBytes = 0
    this.#tooLong = false
    this.#keep(chunk.subarray(last + 1))
    return lines
  }

  end(): Line[] {
    if (this.#tooLong) return [this.#overlong()]
    if (this.#restBytes === 0) return []
    const lines: Line[] = []
    this.#add(Buffer.concat(this.#rest), lines, true)
    return lines
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0 || this.#tooLong) return
    this.#restBytes += bytes.length
    if (this.#restBytes > this.#longest) {
      this.#tooLong = true
      this.#rest = []
    } else {
      this.#rest.push(bytes)
    }
  }

  /** Whole lines, without the last line feed. */
  #cut(bytes: Buffer, lines: Line[]): void {
    let start = 0
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      this.#add(bytes.subarray(start, end), lines, false)
      start = end + 1
    }
    this.#add(bytes.subarray(start), lines, false)
  }

  #add(bytes: Buffer, lines: Line[], endsFile: boolean): void {
    if (bytes.length > this.#longest) {
      lines.push(this.#overlong())
      return
    }
    this.#number += 1
    if (!isUtf8(bytes)) {
      lines.push({ kind: 'bad', number: this.#number, reason: 'it is not UTF-8' })
      return
    }
    let text = bytes.toString('utf8')
    if (this.#number === 1 && text.startsWith(byteOrderMark)) text = text.slice(1)
    if (text.trim() !== '') lines.push({ kind: 'text', number: this.#number, text, endsFile })
  }

  #overlong(): Line {
    this.#number += 1
    return { kind: 'bad', number: this.#number, reason: `it is longer than ${this.#longest} B` }
  }
}
