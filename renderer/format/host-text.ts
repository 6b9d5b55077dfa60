/** A line of a host may be of any length; what is beyond is counted. Characters. */
export const longestHostLine = 2_000

/**
 * A line of a host's output, made harmless to look at: control characters stand as their pictures, and what turns the direction
 * of text as its number. Nothing that a host sends can hide, colour or reorder what stands beside it.
 */
export function hostLine(line: string): string {
  const cut = line.length > longestHostLine
  const shown = (cut ? line.slice(0, longestHostLine) : line).replaceAll(
    // Control characters but tab, and the marks that turn or hide text.
    /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => picture(character.charCodeAt(0)),
  )
  return cut ? `${shown} … ${line.length - longestHostLine} more characters` : shown
}

function picture(code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  if (code === 0x7f) return '\u2421'
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}
