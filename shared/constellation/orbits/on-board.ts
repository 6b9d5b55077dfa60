import { positionOf, satelliteIndex, type Position } from '../torus'
import type { Sky, SkyView } from './sky'

/**
 * The sky of a model on board (strategy `hop`): the centre is the satellite that carries the model, for ever, and all
 * traffic enters the network there, at no distance.
 * @param carrier which satellite; by default the one overhead at the start, or satellite 0 when none is
 */
export function onBoard(sky: Sky, carrier?: Position): Sky {
  const centre = carrier ?? sky.viewAt(0).centre ?? positionOf(sky.torus, 0)
  const view: SkyView = {
    fromS: 0,
    untilS: Infinity,
    epoch: 0,
    centre,
    placementCentre: centre,
    window: Int32Array.of(satelliteIndex(sky.torus, centre)),
  }
  return {
    torus: sky.torus,
    lightSpeedMPerS: sky.lightSpeedMPerS,
    absentLinks: sky.absentLinks,
    warnings: sky.warnings,
    viewAt: () => view,
    groundDistanceM: () => 0,
    linkDistanceM: (a, b, tS) => sky.linkDistanceM(a, b, tS),
  }
}
