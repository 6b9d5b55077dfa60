import { printable } from '#shared/text/printable'
import { parseLogLine } from './log-line'

/** A line of a log of another machine, as it may be shown. */
export interface ShownLogLine {
  /** Of an agent's own lines: when, in ISO 8601, and the level; null for what else is in the log. */
  readonly said: { readonly at: string; readonly level: string } | null
  readonly text: string
}

/** Lines are shown up to here, characters. */
const longest = 2_000

/** Escapes come after the JSON is read: in it, control characters are spelled out. */
export function shownLogLine(line: string): ShownLogLine {
  const { at, level, text } = parseLogLine(line, '', 0)
  const when = new Date(at)
  const isOwn = at !== 0 && !Number.isNaN(when.getTime())
  return {
    said: isOwn ? { at: when.toISOString(), level } : null,
    text: printable(cut(text.trimEnd()), { lines: true }).replaceAll('\n', '\\n'),
  }
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}
