import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** A log and its predecessor take at most twice this, bytes. */
export const logLimitBytes = 8 * 1024 * 1024
/** What is remembered for `lastLines`, characters. */
const keptCharacters = 16 * 1024

/**
 * A log file of bounded size: when it is full it becomes `<path>.1`, in place of an earlier one, and a new one begins.
 * A disk that takes no more loses lines, never the process: how much is said once there is room again.
 */
export class BoundedLog {
  readonly #path: string
  readonly #limitBytes: number
  #file: number
  #bytes: number
  #lostBytes = 0
  #tail = ''

  /** @throws the error of the file system when the file cannot be opened */
  constructor(path: string, limitBytes = logLimitBytes) {
    this.#path = path
    this.#limitBytes = limitBytes
    mkdirSync(dirname(path), { recursive: true })
    this.#file = openSync(path, 'a', 0o640)
    this.#bytes = fstatSync(this.#file).size
  }

  write(text: string): void {
    this.#tail = (this.#tail + text).slice(-keptCharacters)
    if (this.#lostBytes > 0 && this.#append(`(${this.#lostBytes} B of the log could not be written)\n`)) {
      this.#lostBytes = 0
    }
    if (!this.#append(text)) this.#lostBytes += Buffer.byteLength(text)
    // Cut between lines, unless there are none.
    if (this.#bytes >= this.#limitBytes && (text.endsWith('\n') || this.#bytes >= 2 * this.#limitBytes)) {
      this.#rotate()
    }
  }

  lastLines(count: number): string[] {
    const lines = this.#tail.split('\n').filter((line) => line !== '')
    return lines.slice(-count)
  }

  close(): void {
    closeSync(this.#file)
  }

  #append(text: string): boolean {
    try {
      const bytes = Buffer.from(text)
      let written = 0
      while (written < bytes.length) written += writeSync(this.#file, bytes, written)
      this.#bytes += bytes.length
      return true
    } catch {
      return false
    }
  }

  #rotate(): void {
    try {
      renameSync(this.#path, `${this.#path}.1`)
      const next = openSync(this.#path, 'a', 0o640)
      closeSync(this.#file)
      this.#file = next
      this.#bytes = fstatSync(next).size
    } catch {
      // Its folder is gone or may not be written: the file that is open begins again, so that it stays bounded.
      ftruncateSync(this.#file, 0)
      this.#bytes = 0
    }
  }
}
