import { geometry, groundWeights, type GeometryPreset } from '../geometry'
import { positionOf, satelliteIndex, shortestDelta, windowPositions, wrap } from '../torus'
import type { Position, Torus } from '../torus'
import type { Sky, SkyView } from './sky'

export interface StaticTorusOptions {
  readonly torus: Torus
  readonly altitudeM: number
  readonly preset: GeometryPreset
  /** The satellite overhead at the start. */
  readonly centre: Position
  readonly losSlots: number
  readonly losPlanes: number
  /** Time between two rotations by one slot, s; 0 = the constellation stands still. */
  readonly rotationPeriodS: number
}

/**
 * The paper's model (section 4 of the design), as the agents of a lab run it: distances on the grid never change, and
 * one rotation moves the centre and its window by one slot backwards.
 */
export function staticTorus(options: StaticTorusOptions): Sky {
  const { torus, altitudeM, preset, centre, rotationPeriodS } = options
  const distances = geometry({ ...torus, altitudeM, preset })
  let known: SkyView | null = null

  const viewAt = (tS: number): SkyView => {
    if (known === null || tS < known.fromS || tS >= known.untilS) known = view(options, tS)
    return known
  }
  const groundDistanceM = (satellite: number, tS: number): number => {
    const epoch = epochAt(rotationPeriodS, tS)
    const at = positionOf(torus, satellite)
    return distances.slantM(
      shortestDelta(wrap(centre.slot - epoch, torus.slots), at.slot, torus.slots),
      shortestDelta(centre.plane, at.plane, torus.planes),
    )
  }
  const planeOf = (satellite: number): number => Math.floor(satellite / torus.slots)
  return {
    torus,
    lightSpeedMPerS: distances.lightSpeedMPerS,
    absentLinks: [],
    warnings: [],
    viewAt,
    groundDistanceM,
    linkDistanceM: (a, b) => distances.linkM(planeOf(a) === planeOf(b) ? 'slot' : 'plane'),
  }
}

/** Rotations that have begun: rotation k begins at exactly k periods. */
function epochAt(periodS: number, tS: number): number {
  if (periodS === 0) return 0
  const epoch = Math.floor(tS / periodS)
  // The quotient may round up to a rotation that has not begun, or down from one that has.
  if (epoch * periodS > tS) return epoch - 1
  return (epoch + 1) * periodS <= tS ? epoch + 1 : epoch
}

function view({ torus, rotationPeriodS, ...options }: StaticTorusOptions, tS: number): SkyView {
  const epoch = epochAt(rotationPeriodS, tS)
  const centre = { slot: wrap(options.centre.slot - epoch, torus.slots), plane: options.centre.plane }
  return {
    fromS: epoch * rotationPeriodS,
    untilS: rotationPeriodS === 0 ? Infinity : (epoch + 1) * rotationPeriodS,
    epoch,
    centre,
    placementCentre: centre,
    window: windowAround(torus, centre, options.losSlots, options.losPlanes),
  }
}

function windowAround(torus: Torus, centre: Position, losSlots: number, losPlanes: number): Int32Array {
  const weights = groundWeights(torus)
  const ranked = windowPositions(torus, centre, losSlots, losPlanes).map((at) => {
    const slots = shortestDelta(centre.slot, at.slot, torus.slots)
    const planes = shortestDelta(centre.plane, at.plane, torus.planes)
    const offset = slots * slots * weights.slot + planes * planes * weights.plane
    return { index: satelliteIndex(torus, at), offset }
  })
  // The sort is stable: equal offsets stay in row-major order.
  ranked.sort((a, b) => a.offset - b.offset)
  return Int32Array.from(ranked, ({ index }) => index)
}
