/**
 * The +GRID torus: a constellation as a grid of slots (along the orbit) and planes, both wrapping around.
 * Everything is 0-based. A direction that is one satellite wide has no links.
 */
export interface Torus {
  /** Satellites in one plane (M of the paper). */
  readonly slots: number
  /** Orbital planes (N of the paper). */
  readonly planes: number
}

export interface Position {
  readonly slot: number
  readonly plane: number
}

/** value modulo size, always in 0..size-1. */
export function wrap(value: number, size: number): number {
  const rest = value % size
  return rest < 0 ? rest + size : rest + 0 // + 0 turns -0 into 0
}

/** The shorter signed way round from one coordinate to another; where both ways are equally long, the positive one. */
export function shortestDelta(from: number, to: number, size: number): number {
  const forward = wrap(to - from, size)
  return forward * 2 <= size ? forward : forward - size
}

/** Inter-satellite links on a shortest way between two satellites. */
export function hopDistance(torus: Torus, a: Position, b: Position): number {
  return (
    Math.abs(shortestDelta(a.slot, b.slot, torus.slots)) +
    Math.abs(shortestDelta(a.plane, b.plane, torus.planes))
  )
}

/** Number of a satellite: plane by plane, slots ascending. */
export function satelliteIndex(torus: Torus, position: Position): number {
  return position.plane * torus.slots + position.slot
}

export function positionOf(torus: Torus, index: number): Position {
  return { slot: index % torus.slots, plane: Math.floor(index / torus.slots) }
}

export function samePosition(a: Position, b: Position): boolean {
  return a.slot === b.slot && a.plane === b.plane
}

export function onTorus(torus: Torus, position: Position): boolean {
  return (
    position.slot >= 0 && position.slot < torus.slots && position.plane >= 0 && position.plane < torus.planes
  )
}

/**
 * The LOS window: `losSlots` x `losPlanes` satellites around the centre, clamped to the torus.
 * An even side reaches one satellite further backwards than forwards.
 */
export function inWindow(
  torus: Torus,
  centre: Position,
  losSlots: number,
  losPlanes: number,
  position: Position,
): boolean {
  const slotOffset = wrap(position.slot - centre.slot + Math.floor(losSlots / 2), torus.slots)
  const planeOffset = wrap(position.plane - centre.plane + Math.floor(losPlanes / 2), torus.planes)
  return slotOffset < losSlots && planeOffset < losPlanes
}

/** Satellites of the LOS window, plane by plane, slots ascending from the window's first. */
export function windowPositions(
  torus: Torus,
  centre: Position,
  losSlots: number,
  losPlanes: number,
): Position[] {
  const positions: Position[] = []
  for (let p = 0; p < Math.min(losPlanes, torus.planes); p++) {
    const plane = wrap(centre.plane - Math.floor(losPlanes / 2) + p, torus.planes)
    for (let s = 0; s < Math.min(losSlots, torus.slots); s++) {
      positions.push({ slot: wrap(centre.slot - Math.floor(losSlots / 2) + s, torus.slots), plane })
    }
  }
  return positions
}
