import type { LogLine } from '#shared/contract/console-api'

/** Lines that are kept for a window that opens later. */
const keptLines = 2_000
/** Lines are told in portions this far apart, ms, so that a talkative host does not flood the window. */
const gatherMs = 100
/** Lines in one portion; the older ones beyond are left out, and the portion says how many. */
const mostLines = 500

/** What the lab's hosts and the engine have to say. */
export class LogBook {
  readonly #emit: (lines: LogLine[]) => void
  #lines: LogLine[] = []
  #untold: LogLine[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(emit: (lines: LogLine[]) => void) {
    this.#emit = emit
  }

  add(lines: readonly LogLine[]): void {
    this.#lines.push(...lines)
    if (this.#lines.length > keptLines * 2) this.#lines = this.#lines.slice(-keptLines)
    this.#untold.push(...lines)
    if (this.#untold.length > mostLines * 4) this.#untold = shorten(this.#untold)
    this.#timer ??= setTimeout(() => this.#tell(), gatherMs)
  }

  recent(): LogLine[] {
    return this.#lines.slice(-keptLines)
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #tell(): void {
    this.#timer = undefined
    const lines = shorten(this.#untold)
    this.#untold = []
    this.#emit(lines)
  }
}

function shorten(lines: LogLine[]): LogLine[] {
  const over = lines.length - mostLines
  if (over <= 0) return lines
  const kept = lines.slice(-mostLines)
  const text = `${over} lines were left out here`
  return [{ at: kept[0]?.at ?? 0, source: 'lab', level: 'warn', text }, ...kept]
}
