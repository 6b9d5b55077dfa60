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
  const cells = Int32Array.from({ length: width * height }, (_, cell) => cell)
  if (servers === cells.length) return cells
  const weights = groundWeights(torus)
  const middleRow = Math.floor(height / 2)
  const middleColumn = Math.floor(width / 2)
  const distances = Float64Array.from(cells, (cell) => {
    const rows = Math.floor(cell / width) - middleRow
    const columns = (cell % width) - middleColumn
    return Math.round((rows * rows * weights.plane + columns * columns * weights.slot) / tieResolution)
  })
  cells.sort((a, b) => (distances[a] as number) - (distances[b] as number) || a - b)
  return cells.subarray(0, servers).sort()
}
