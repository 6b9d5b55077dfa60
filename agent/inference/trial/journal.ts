import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { journalEntry, type JournalEntry } from '#shared/experiment/records'

/**
 * The records of one trial on disk, one JSON object a line. A record is written before anyone hears of it, so that a
 * lost console or a killed agent loses none. What the console acknowledged is not needed any more: the file goes
 * when the last entry is acknowledged after the trial's end, or after the end of the process that wrote it.
 */
export class Journal {
  readonly #path: string
  #file: number | null
  #entries: JournalEntry[]
  #bytes: number
  #lastSeq: number
  #finished: boolean
  /** An earlier process wrote it, and nobody will go on. */
  readonly #leftOver: boolean

  private constructor(path: string, file: number, entries: JournalEntry[], bytes: number, leftOver: boolean) {
    this.#leftOver = leftOver
    this.#path = path
    this.#file = file
    this.#entries = entries
    this.#bytes = bytes
    this.#lastSeq = entries.at(-1)?.seq ?? 0
    this.#finished = entries.at(-1)?.record.kind === 'finished'
  }

  /** Whether some process has begun this trial, and not all that it recorded is acknowledged. */
  static exists(directory: string, trialKey: string): boolean {
    return existsSync(journalPath(directory, trialKey))
  }

  /** A new journal; one of the same name that is left over is replaced. */
  static create(directory: string, trialKey: string): Journal {
    const path = journalPath(directory, trialKey)
    return explain(path, () => {
      mkdirSync(directory, { recursive: true })
      return new Journal(path, openSync(path, 'w'), [], 0, false)
    })
  }

  /** The journal that an earlier process left, or null. A last line that was cut off by a crash is dropped. */
  static reopen(directory: string, trialKey: string): Journal | null {
    const path = journalPath(directory, trialKey)
    if (!existsSync(path)) return null
    return explain(path, () => {
      const text = readFileSync(path, 'utf8')
      const entries: JournalEntry[] = []
      let bytes = 0
      for (const line of text.split('\n')) {
        const entry = parseEntry(line)
        if (entry === null) break
        entries.push(entry)
        bytes += Buffer.byteLength(line) + 1
      }
      const file = openSync(path, 'r+')
      ftruncateSync(file, bytes)
      return new Journal(path, file, entries, bytes, true)
    })
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  /**
   * Writes the record, then answers with its entry.
   * @throws SkyError storage_full or storage_unwritable; nothing of the record stays in the file then
   */
  append(record: JournalEntry['record']): JournalEntry {
    const entry: JournalEntry = { seq: this.#lastSeq + 1, record }
    const line = Buffer.from(`${JSON.stringify(entry)}\n`)
    explain(this.#path, () => this.#write(line))
    this.#lastSeq = entry.seq
    this.#finished = record.kind === 'finished'
    this.#entries.push(entry)
    return entry
  }

  /** Entries after this number that are not acknowledged yet. */
  entriesAfter(seq: number): JournalEntry[] {
    return this.#entries.filter((entry) => entry.seq > seq)
  }

  /** Everything up to this number is stored elsewhere. */
  acknowledge(seq: number): void {
    this.#entries = this.entriesAfter(seq)
    if (this.#entries.length > 0 || !(this.#finished || this.#leftOver)) return
    this.close()
    rmSync(this.#path, { force: true })
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #write(line: Buffer): void {
    if (this.#file === null) throw new SkyError('internal', `the journal ${this.#path} is closed`)
    try {
      let written = 0
      while (written < line.length) {
        written += writeSync(this.#file, line, written, line.length - written, this.#bytes + written)
      }
      this.#bytes += line.length
    } catch (thrown) {
      ftruncateSync(this.#file, this.#bytes)
      throw thrown
    }
  }
}

const journalPath = (directory: string, trialKey: string): string => join(directory, `${trialKey}.ndjson`)

function parseEntry(line: string): JournalEntry | null {
  try {
    const entry = journalEntry.safeParse(JSON.parse(line))
    return entry.success ? entry.data : null
  } catch {
    return null
  }
}

function explain<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (thrown) {
    if (thrown instanceof SkyError) throw thrown
    const code = (thrown as NodeJS.ErrnoException).code
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new SkyError(
        'storage_full',
        `no space is left for the journal ${path}`,
        'Free some space, then resume the run.',
      )
    }
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError(
      'storage_unwritable',
      `the journal ${path} cannot be written: ${reason}`,
      'Make its folder writable, then resume the run.',
    )
  }
}
