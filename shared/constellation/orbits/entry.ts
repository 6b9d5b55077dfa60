import { distancesTo, unreachable, type FailureSet } from '../routing'
import { shortestDelta, type Position, type Torus } from '../torus'

/**
 * The satellite of a view's window through which a packet enters the network: the one with the fewest links left to
 * go; of several, the first of the window, which has the shortest ground link. Null when failures leave no way.
 * On the static torus the same as `entrySatellite`.
 * @param distances `distancesTo(torus, to, failures)`, kept by the caller; computed here when absent and needed
 */
export function entryOf(
  torus: Torus,
  window: Int32Array,
  to: Position,
  failures: FailureSet,
  distances?: Int32Array,
): number | null {
  const table = failures.isEmpty ? null : (distances ?? distancesTo(torus, to, failures))
  let best: number | null = null
  let bestHops = Infinity
  for (const satellite of window) {
    const hops = table ? (table[satellite] as number) : linksTo(torus, satellite, to)
    if (hops === unreachable || hops >= bestHops) continue
    best = satellite
    bestHops = hops
    if (hops === 0) break
  }
  return best
}

/** `hopDistance` without making a position of every satellite in sight. */
function linksTo({ slots, planes }: Torus, satellite: number, to: Position): number {
  const slot = satellite % slots
  const plane = (satellite - slot) / slots
  return Math.abs(shortestDelta(slot, to.slot, slots)) + Math.abs(shortestDelta(plane, to.plane, planes))
}
