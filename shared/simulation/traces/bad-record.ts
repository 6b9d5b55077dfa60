/** A record of a trace that cannot be used, and why. Whoever reads the file knows its line, and decides whether to skip it. */
export class BadRecord extends Error {
  override readonly name = 'BadRecord'
  /** What to do, where there is more than to repair or to skip the record. */
  readonly hint: string

  constructor(reason: string, hint = '') {
    super(reason)
    this.hint = hint
  }
}

/** Longest piece of a wrong value that a reason quotes. */
const quotedCharacters = 60

/** A wrong value as a reason shows it. */
export function quoted(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'missing')
  return text.length <= quotedCharacters ? text : `${text.slice(0, quotedCharacters)}…`
}
