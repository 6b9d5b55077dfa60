import { printable } from '#shared/text/printable'

/** A line of a host may be of any length; what is beyond is counted. Characters. */
export const longestHostLine = 2_000

/** A line of a host's output, made harmless to look at: nothing that it holds can hide, colour or reorder what stands beside it. */
export function hostLine(line: string): string {
  const shown = printable(line.slice(0, longestHostLine), { lines: true }).replaceAll('\n', '\\n')
  const more = line.length - longestHostLine
  return more > 0 ? `${shown} … ${more} more characters` : shown
}
