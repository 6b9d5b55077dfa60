import { samePosition, type Position } from '../constellation/torus'
import { placement, type PlacementOptions } from './placement'

/** One server moves: all chunks that it holds go from one satellite to another; in one rotation, of the same plane. */
export interface Move {
  readonly server: number
  readonly from: Position
  readonly to: Position
}

export type MigrationOptions = Omit<PlacementOptions, 'rotations'> & {
  /** The epoch that ends; the plan leads to the next one. */
  readonly fromEpoch: number
}

/**
 * What one rotation moves: the servers of the box's leaving column. Empty for `hop`, and for a box as wide as the torus,
 * whose leaving column is the one that enters.
 */
export function migrationPlan({ fromEpoch, ...options }: MigrationOptions): Move[] {
  return movesBetween(
    placement({ ...options, rotations: fromEpoch }),
    placement({ ...options, rotations: fromEpoch + 1 }),
  )
}

/** What leads from one placement to another of the same servers, such as two of `follow`. */
export function movesBetween(before: readonly Position[], after: readonly Position[]): Move[] {
  const moves: Move[] = []
  before.forEach((from, server) => {
    const to = after[server] as Position
    if (!samePosition(from, to)) moves.push({ server, from, to })
  })
  return moves
}
