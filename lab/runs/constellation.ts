import type { Failures } from '#shared/contract/agent-control'
import type { ConstellationSnapshot, SatelliteDetail } from '#shared/contract/console-api'
import { geometry } from '#shared/constellation/geometry'
import { samePosition, windowPositions, wrap, type Position } from '#shared/constellation/torus'
import { onTorus } from '#shared/experiment/on-torus'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { emptyCounters } from '#shared/experiment/records'
import { centreAt, placement } from '#shared/placement/placement'
import type { HostSample, LabHosts, LabShape } from '../hosts/lab-hosts'
import type { CurrentTrial } from './run-queue'

/** The parameters by which the constellation is drawn: the trial's, or the defaults as far as they fit this shape. */
function shownParameters(trial: CurrentTrial | null, shape: LabShape): ParameterValues {
  return onTorus(trial?.parameters ?? defaultParameters, shape)
}

/** Where everything of a trial is: centre, LOS window and servers after the rotations so far. */
export function trialGeography(
  trial: CurrentTrial | null,
  shape: LabShape,
): { centre: Position; window: Position[]; servers: Position[]; parameters: ParameterValues } {
  const parameters = shownParameters(trial, shape)
  const { strategy, servers } = parameters
  const centre = { slot: parameters.centre_slot, plane: parameters.centre_plane }
  const options = { strategy, torus: shape, centre, servers, rotations: trial?.epoch ?? 0 }
  const now = centreAt(options)
  const cached = trial !== null && parameters.cache === 'skymemory'
  const onBoard = cached && strategy === 'hop'
  return {
    parameters,
    centre: now,
    window: onBoard ? [] : windowPositions(shape, now, parameters.los_slots, parameters.los_planes),
    servers: cached ? placement(options) : [],
  }
}

function isFailed(failures: Failures, position: Position): boolean {
  return failures.satellites.some((other) => samePosition(other, position))
}

/** The torus at this moment, from what the hosts last said. */
export function constellationSnapshot(
  lab: LabHosts,
  trial: CurrentTrial | null,
  failures: Failures,
  now: number,
): ConstellationSnapshot {
  const { shape } = lab
  const { centre, window, servers, parameters } = trialGeography(trial, shape)
  return {
    at: now,
    ...shape,
    epoch: trial?.epoch ?? 0,
    centre,
    window,
    servers,
    satelliteBytes: parameters.satellite_bytes,
    satellites: lab.hosts().flatMap(({ hostId, planes, state }) => {
      const sample: HostSample | undefined = lab.samples().get(hostId)
      const known = new Map(sample?.satellites.map((each) => [`${each.slot},${each.plane}`, each]))
      return planes.flatMap((plane) =>
        Array.from({ length: shape.slots }, (_, slot) => ({
          ...(known.get(`${slot},${plane}`) ?? emptyCounters({ slot, plane })),
          hostId,
          failed: state.kind !== 'healthy' || isFailed(failures, { slot, plane }),
        })),
      )
    }),
  }
}

const directions = [
  { direction: 'slot', step: 1 },
  { direction: 'slot', step: -1 },
  { direction: 'plane', step: 1 },
  { direction: 'plane', step: -1 },
] as const

/** The links of a satellite with their lengths and light times; a direction that is one satellite wide has none. */
export function linksOf(
  position: Position,
  shape: LabShape,
  parameters: ParameterValues,
  failures: Failures,
): SatelliteDetail['links'] {
  const { altitude_m: altitudeM, geometry: preset } = parameters
  const lengths = geometry({ ...shape, altitudeM, preset })
  return directions.flatMap(({ direction, step }) => {
    const size = direction === 'slot' ? shape.slots : shape.planes
    if (size === 1) return []
    const to = { ...position, [direction]: wrap(position[direction] + step, size) }
    // A link is named by the end from which it leads to the next slot or plane.
    const from = step === 1 ? position : to
    return {
      to,
      direction,
      failed: failures.links.some((link) => link.direction === direction && samePosition(link, from)),
      distanceM: lengths.linkM(direction),
      delayMs: lengths.linkDelayS(direction) * 1000,
    }
  })
}
