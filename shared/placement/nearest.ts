import { groundWeights } from '../constellation/geometry'
import type { Torus } from '../constellation/torus'
import type { Box } from './box'

/** Distances closer than this (in squares of the shorter pitch) count as equal, so that rounding never breaks a tie. */
const tieResolution = 2 ** -20

/**
 * The n cells of the box nearest to its centre on the ground, ties in row-major order; in row-major order themselves.
 * Cells are `row * width + column`.
 */
export function nearestCells(torus: Torus, box: Box, servers: number): Int32Array {
  const { width, height } = box
  const cells = new Int32Array(servers)
  const weights = groundWeights(torus)
  const middleRow = Math.floor(height / 2)
  const middleColumn = Math.floor(width / 2)
  const distances = new Float64Array(width * height)
  for (let cell = 0; cell < distances.length; cell++) {
    const rows = Math.floor(cell / width) - middleRow
    const columns = (cell % width) - middleColumn
    const squared = rows * rows * weights.plane + columns * columns * weights.slot
    distances[cell] = Math.round(squared / tieResolution)
  }
  // Everything nearer than the n-th distance is in; of those as far as the n-th, the first ones.
  const sorted = distances.slice().sort()
  const farthest = sorted[servers - 1] as number
  let ties = servers - sorted.indexOf(farthest)
  let taken = 0
  for (let cell = 0; cell < distances.length && taken < servers; cell++) {
    const distance = distances[cell] as number
    if (distance < farthest || (distance === farthest && ties-- > 0)) cells[taken++] = cell
  }
  return cells
}
