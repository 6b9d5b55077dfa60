import type { SweepGrid } from '#shared/simulation/sweep/grid'
import { sweepCsvLines } from '#shared/simulation/sweep/sweep-csv'

export interface SweepPart {
  readonly grid: SweepGrid
  /** Number of the first configuration. */
  readonly from: number
  /** One past the last. */
  readonly to: number
}

/** CSV lines of a part of a sweep. */
export function latencySweepTask({ grid, from, to }: SweepPart): string {
  return sweepCsvLines(grid, from, to)
}
