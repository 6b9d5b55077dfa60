import type { Link } from '../routing'
import type { Position, Torus } from '../torus'

/**
 * A stretch of time in which neither the centre nor the LOS window changes.
 * A satellite is named by its index (`satelliteIndex`).
 */
export interface SkyView {
  readonly fromS: number
  /** When the next view begins, s; it may be equal to this one. Infinity when nothing changes any more. */
  readonly untilS: number
  /** How often the placement's centre has changed since the start: placements and migrations are counted by it. */
  readonly epoch: number
  /** The satellite overhead; null when none is in sight. */
  readonly centre: Position | null
  /** What the placement is made for: the centre, or in a gap the last one; null before the first. */
  readonly placementCentre: Position | null
  /**
   * Satellites that the ground host reaches directly, nearest first; equally near ones in row-major order. Of two
   * satellites that are as good an entry into the network, the first is taken (`entryOf`). Empty in a gap.
   */
  readonly window: Int32Array
}

/**
 * The constellation over one ground host as time goes on: all that a simulation asks of orbits.
 *
 * Times are s since the start of the simulation, from 0 on; distances are m. Answers depend on the arguments only, not
 * on the order of the questions, but questions in the order of time are cheapest: then none costs more for a larger
 * constellation with as many satellites in sight.
 */
export interface Sky {
  readonly torus: Torus
  readonly lightSpeedMPerS: number
  /** Links of the grid that do not exist, such as those over the seam of a star; they count as failed for ever. */
  readonly absentLinks: readonly Link[]
  /** What a reader of results must know of these orbits, as sentences. */
  readonly warnings: readonly string[]
  viewAt(tS: number): SkyView
  /** From the ground host straight to a satellite. */
  groundDistanceM(satellite: number, tS: number): number
  /** Length of the link between two neighbours on the grid. */
  linkDistanceM(a: number, b: number, tS: number): number
}
