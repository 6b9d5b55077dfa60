/** A line of a host may be of any length; what is beyond is counted. Characters. */
export const longestHostLine = 2_000

/**
 * A line of a host's output, made harmless to look at: control characters stand as their pictures, and what turns the direction
 * of text as its number. Nothing that a host sends can hide, colour or reorder what stands beside it.
 */
export function hostLine(line: string): string {
  const cut = line.length > longestHostLine
  const shown = [...(cut ? line.slice(0, longestHostLine) : line)]
    .map((character) => (isPlain(character) ? character : picture(character.charCodeAt(0))))
    .join('')
  return cut ? `${shown} … ${line.length - longestHostLine} more characters` : shown
}

/** Neither a control character (but tab), nor a mark that turns or hides text, nor a line separator. */
function isPlain(character: string): boolean {
  return character === '\t' || !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(character)
}

/** @param code the first UTF-16 unit: marks beyond the first plane are shown by it */
function picture(code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  if (code === 0x7f) return '\u2421'
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}
