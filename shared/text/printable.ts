/**
 * A text of another machine as it may be shown: control characters, which could move the cursor or colour a terminal, and marks
 * that reverse the reading direction become escapes such as `\x1b`. Line ends and tabs stay when `lines` is true.
 */
export function printable(text: string, { lines = false }: { lines?: boolean } = {}): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (sign) => {
    if (lines && (sign === '\n' || sign === '\t')) return sign
    const short = escapes[sign]
    if (short !== undefined) return short
    const code = sign.charCodeAt(0)
    return code < 256
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** The first line of what another machine says, as it may be quoted in a message. */
export function quotedLine(text: string, longest = 300): string {
  const line = printable(text.trim().split('\n', 1)[0] ?? '')
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line
}
