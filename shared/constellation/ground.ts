import { groundWeights } from './geometry'
import { distancesTo, noFailures, unreachable, type FailureSet } from './routing'
import {
  hopDistance,
  satelliteIndex,
  shortestDelta,
  windowPositions,
  type Position,
  type Torus,
} from './torus'

export interface GroundView {
  readonly torus: Torus
  /** The satellite overhead now. */
  readonly centre: Position
  readonly losSlots: number
  readonly losPlanes: number
}

/**
 * The satellite of the LOS window through which the ground host sends a packet: the destination itself when it is in
 * sight, else the one with the fewest links left to go; of several, the one with the shortest ground link, then the
 * first in row-major order. Null when failures leave no way.
 * @param distances `distancesTo(view.torus, to, failures)`, kept by the caller; computed here when absent and needed
 */
export function entrySatellite(
  view: GroundView,
  to: Position,
  failures: FailureSet = noFailures,
  distances?: Int32Array,
): Position | null {
  const { torus, centre, losSlots, losPlanes } = view
  const table = failures.isEmpty ? null : (distances ?? distancesTo(torus, to, failures))
  const weights = groundWeights(torus)
  let best: Position | null = null
  let bestHops = Infinity
  let bestOffset = Infinity
  for (const at of windowPositions(torus, centre, losSlots, losPlanes)) {
    const hops = table ? (table[satelliteIndex(torus, at)] as number) : hopDistance(torus, at, to)
    if (hops === unreachable || hops > bestHops) continue
    const slots = shortestDelta(centre.slot, at.slot, torus.slots)
    const planes = shortestDelta(centre.plane, at.plane, torus.planes)
    const offset = slots * slots * weights.slot + planes * planes * weights.plane
    if (hops < bestHops || offset < bestOffset) [best, bestHops, bestOffset] = [at, hops, offset]
  }
  return best
}
