/**
 * A text of another machine as it may be shown: control characters, which could move the cursor or colour a terminal, and marks
 * that hide text or turn its direction become escapes such as `\x1b`. Line ends and tabs stay when `lines` is true.
 */
export function printable(text: string, { lines = false }: { lines?: boolean } = {}): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (sign) => {
    if (lines && (sign === '\n' || sign === '\t')) return sign
    const short = escapes[sign]
    if (short !== undefined) return short
    const code = sign.codePointAt(0) ?? 0
    const digits = code.toString(16)
    if (code < 0x100) return `\\x${digits.padStart(2, '0')}`
    return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`
  })
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** The first line of what another machine says, as it may be quoted in a message. */
export function quotedLine(text: string, longest = 300): string {
  const line = printable(text.trim().split('\n', 1)[0] ?? '')
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line
}

/** The lines of what another machine printed, as they may be shown one by one; empty ones are left out. Characters a line. */
export function printableLines(text: string, longest = 500): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => printable(line.trimEnd().slice(0, longest), { lines: true }))
    .filter((line) => line !== '')
}
