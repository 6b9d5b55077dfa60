import type { Position, Torus } from '../constellation/torus'
import { boxAround, type Box } from './box'

/** Satellites of a ring of `size` that are `distance` away from one of them, the shorter way round. */
function atDistance(distance: number, size: number): number {
  if (distance === 0) return 1
  if (distance * 2 < size) return 2
  return distance * 2 === size ? 1 : 0
}

/** The smallest number of hops within which n satellites lie, the centre included. */
function radiusOf(torus: Torus, servers: number): number {
  let within = 0
  for (let radius = 0; ; radius++) {
    const planes = Math.min(radius, Math.floor(torus.planes / 2))
    for (let p = 0; p <= planes; p++) {
      within += atDistance(p, torus.planes) * atDistance(radius - p, torus.slots)
    }
    if (within >= servers) return radius
  }
}

/** A box that the rings of n servers never leave, so that bounding them by it changes nothing. */
export function boxOfRings(torus: Torus, centre: Position, servers: number): Box {
  const side = 2 * radiusOf(torus, servers) + 1
  return boxAround(torus, centre, side, side)
}

/**
 * The first n satellites of breadth-first rings around the centre, inside a box; neighbours are visited in the order
 * plane-1, slot+1, plane+1, slot-1. Cells of the box, `row * width + column`, in the order in which they were found.
 */
export function ringCells(torus: Torus, box: Box, servers: number): Int32Array {
  const { width, height } = box
  // A box that covers a whole direction is closed: its last column is the neighbour of its first.
  const closedSlots = width === torus.slots
  const closedPlanes = height === torus.planes
  const cells = new Int32Array(servers)
  const seen = new Uint8Array(width * height)
  let found = 0
  const visit = (cell: number): void => {
    if (seen[cell] === 1 || found === servers) return
    seen[cell] = 1
    cells[found++] = cell
  }
  visit(Math.floor(height / 2) * width + Math.floor(width / 2))
  for (let head = 0; head < found && found < servers; head++) {
    const cell = cells[head] as number
    const row = Math.floor(cell / width)
    const column = cell - row * width
    if (row > 0) visit(cell - width)
    else if (closedPlanes) visit(cell + (height - 1) * width)
    if (column < width - 1) visit(cell + 1)
    else if (closedSlots) visit(cell - (width - 1))
    if (row < height - 1) visit(cell + width)
    else if (closedPlanes) visit(cell - (height - 1) * width)
    if (column > 0) visit(cell - 1)
    else if (closedSlots) visit(cell + (width - 1))
  }
  return cells
}
