import type { Direction, LinkAxis } from './geometry'
import { onTorus, satelliteIndex, shortestDelta, wrap, type Position, type Torus } from './torus'

export type { Direction, LinkAxis } from './geometry'

/** In order of preference: inside the plane first, forwards first. */
export const directions = ['slot+', 'slot-', 'plane+', 'plane-'] as const satisfies readonly Direction[]

export function axisOf(direction: Direction): LinkAxis {
  return direction === 'slot+' || direction === 'slot-' ? 'slot' : 'plane'
}

/** A link, named by one end and the axis along which it leads forwards from there. */
export interface Link extends Position {
  readonly direction: LinkAxis
}

/** Failed satellites and links, ready to be asked about. Made by `failureSet`. */
export interface FailureSet {
  readonly isEmpty: boolean
  satelliteFailed(index: number): boolean
  linkFailed(linkIndex: number): boolean
}

export const noFailures: FailureSet = {
  isEmpty: true,
  satelliteFailed: () => false,
  linkFailed: () => false,
}

/**
 * The satellite at the other end of a link, or null when there is none: a direction that is one wide has no link, and one
 * that is two wide has a single link between the two, which is `slot+` or `plane+` of both.
 */
export function neighbour(torus: Torus, from: Position, direction: Direction): Position | null {
  const axis = axisOf(direction)
  const size = axis === 'slot' ? torus.slots : torus.planes
  const forwards = direction === 'slot+' || direction === 'plane+'
  if (size === 1 || (size === 2 && !forwards)) return null
  const step = forwards ? 1 : -1
  return axis === 'slot'
    ? { slot: wrap(from.slot + step, size), plane: from.plane }
    : { slot: from.slot, plane: wrap(from.plane + step, size) }
}

/** Number of the link that leads away in this direction; the same number from both of its ends. */
export function linkIndex(torus: Torus, from: Position, direction: Direction): number {
  const axis = axisOf(direction)
  const size = axis === 'slot' ? torus.slots : torus.planes
  const at = axis === 'slot' ? from.slot : from.plane
  // The end from which the link leads forwards names it; of a two-wide direction's one link that is end 0.
  const end = size === 2 ? 0 : direction === 'slot-' || direction === 'plane-' ? wrap(at - 1, size) : at
  const named = axis === 'slot' ? { slot: end, plane: from.plane } : { slot: from.slot, plane: end }
  return satelliteIndex(torus, named) * 2 + (axis === 'slot' ? 0 : 1)
}

/** Build a failure set. Names of satellites and links that the torus does not have are ignored. */
export function failureSet(
  torus: Torus,
  failures: { readonly satellites: readonly Position[]; readonly links: readonly Link[] },
): FailureSet {
  const satellites = new Set<number>()
  for (const at of failures.satellites) if (onTorus(torus, at)) satellites.add(satelliteIndex(torus, at))
  const links = new Set<number>()
  for (const link of failures.links) {
    const direction = link.direction === 'slot' ? 'slot+' : 'plane+'
    if (onTorus(torus, link) && neighbour(torus, link, direction)) {
      links.add(linkIndex(torus, link, direction))
    }
  }
  if (satellites.size + links.size === 0) return noFailures
  return {
    isEmpty: false,
    satelliteFailed: (index) => satellites.has(index),
    linkFailed: (index) => links.has(index),
  }
}

/** Distance, in links, of a satellite from which the destination cannot be reached. */
export const unreachable = -1

/**
 * Links from every satellite to one destination around all failures, by satellite index; `unreachable` where there is
 * no way. One breadth-first search: O(slots * planes). Keep it for as long as the failures stay the same.
 */
export function distancesTo(torus: Torus, to: Position, failures: FailureSet): Int32Array {
  const distances = new Int32Array(torus.slots * torus.planes).fill(unreachable)
  const start = satelliteIndex(torus, to)
  if (failures.satelliteFailed(start)) return distances
  distances[start] = 0
  const queue: Position[] = [to]
  for (let head = 0; head < queue.length; head++) {
    const at = queue[head] as Position
    const next = (distances[satelliteIndex(torus, at)] as number) + 1
    for (const direction of directions) {
      const other = neighbour(torus, at, direction)
      if (!other) continue
      const index = satelliteIndex(torus, other)
      if (distances[index] !== unreachable || failures.satelliteFailed(index)) continue
      if (failures.linkFailed(linkIndex(torus, at, direction))) continue
      distances[index] = next
      queue.push(other)
    }
  }
  return distances
}

/** Greedy next hop without failures: along the plane to the right slot first, then across planes, the shorter way round. */
function greedyHop(torus: Torus, from: Position, to: Position): Direction | null {
  const slots = shortestDelta(from.slot, to.slot, torus.slots)
  if (slots !== 0) return slots > 0 ? 'slot+' : 'slot-'
  const planes = shortestDelta(from.plane, to.plane, torus.planes)
  if (planes !== 0) return planes > 0 ? 'plane+' : 'plane-'
  return null
}

/**
 * The link that a packet takes next on a shortest way; null when it has arrived, or when there is no way.
 *
 * Slots come before planes: dimension-order routing is free of loops, every satellite decides alone, and packets cross
 * between hosts, which carry planes, as late as possible. Around failures, every satellite that knows the same failures
 * sees the same distances, so ways stay free of loops too.
 * @param distances `distancesTo(torus, to, failures)`, kept by the caller; computed here when absent
 */
export function nextHop(
  torus: Torus,
  from: Position,
  to: Position,
  failures: FailureSet = noFailures,
  distances?: Int32Array,
): Direction | null {
  if (failures.isEmpty) return greedyHop(torus, from, to)
  const table = distances ?? distancesTo(torus, to, failures)
  const here = table[satelliteIndex(torus, from)] as number
  if (here === unreachable || here === 0) return null
  for (const direction of directions) {
    const other = neighbour(torus, from, direction)
    if (!other || table[satelliteIndex(torus, other)] !== here - 1) continue
    if (!failures.linkFailed(linkIndex(torus, from, direction))) return direction
  }
  return null
}
