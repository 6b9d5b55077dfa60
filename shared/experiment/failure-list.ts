import type { Position } from '../constellation/torus'
import type { Link } from '../constellation/routing'

/** One failure of the parameter `failures`: what fails, when, and for how long, s. */
export type ListedFailure = { readonly atS: number; readonly forS: number } & (
  | { readonly kind: 'satellite'; readonly satellite: Position }
  | { readonly kind: 'link'; readonly link: Link }
)

export const failureListAllowed =
  "none, or failures such as '600 satellite 9,2 60; 900 link 9,2 slot 30' (start s, what, slot,plane, duration s)"

const pattern =
  /^(?<at>\d+(?:\.\d+)?) (?:satellite (?<satellite>\d+,\d+)|link (?<link>\d+,\d+) (?<direction>slot|plane)) (?<duration>\d+(?:\.\d+)?)$/

/** The failures of a list; a text that is none of them instead of a failure that cannot be read. */
function readFailures(text: string): (ListedFailure | string)[] {
  if (text.trim() === 'none') return []
  return text.split(';').map((part) => {
    const words = part.trim().replace(/\s+/g, ' ')
    const found = pattern.exec(words)?.groups
    if (found === undefined) return words
    const times = { atS: Number(found['at']), forS: Number(found['duration']) }
    const [slot = 0, plane = 0] = (found['satellite'] ?? found['link'] ?? '').split(',').map(Number)
    if (found['satellite'] !== undefined) return { ...times, kind: 'satellite', satellite: { slot, plane } }
    const direction = found['direction'] === 'slot' ? 'slot' : 'plane'
    return { ...times, kind: 'link', link: { slot, plane, direction } }
  })
}

/** What is wrong with a list of failures, or null. */
export function failureListProblem(text: string): string | null {
  const wrong = readFailures(text).find((failure) => typeof failure === 'string')
  return wrong === undefined ? null : `'${wrong}' is no failure`
}

/** The failures of a list that has no problem. */
export function parseFailureList(text: string): ListedFailure[] {
  return readFailures(text).filter((failure) => typeof failure !== 'string')
}
