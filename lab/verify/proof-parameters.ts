import { SkyError } from '#shared/contract/errors'
import type { ProofQuestion } from '#shared/contract/proof-api'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { checkRelations } from '#shared/experiment/relations'
import type { Inventory } from '#shared/inventory/inventory'
import { migrationPlan } from '#shared/placement/migration'
import type { LabShape } from '../hosts/lab-hosts'

/** A small constellation: every satellite of it holds a part of each block. */
export const smallShape: LabShape = { slots: 5, planes: 3 }
const mostServers = 9
/** More than any prompt of a proof needs. */
const plentifulBytes = 8 * 1024 ** 3

/** The constellation of a lab that does not run yet: as small as its inventory allows, so that every satellite host has a part in it. */
export function shapeFor({ hosts }: Inventory): LabShape {
  const satelliteHosts = hosts.filter((host) => host.role === 'satellite')
  const named = satelliteHosts.flatMap((host) => host.planes ?? []).length
  const planes = named > 0 ? named : Math.max(smallShape.planes, satelliteHosts.length)
  return { ...smallShape, planes }
}

/** @throws SkyError `invalid_argument` */
export function proofParameters(question: ProofQuestion, { slots, planes }: LabShape): ParameterValues {
  const { model, kvType, blockTokens, promptTokens, outputTokens, threads } = question
  const parameters: ParameterValues = {
    ...defaultParameters,
    slots,
    planes,
    centre_slot: Math.floor(slots / 2),
    centre_plane: Math.floor(planes / 2),
    los_slots: Math.min(defaultParameters.los_slots, slots),
    los_planes: Math.min(defaultParameters.los_planes, planes),
    engine: 'llama',
    model,
    kv_type: kvType,
    block_tokens: blockTokens,
    context_tokens: Math.max(256, promptTokens + outputTokens + 2),
    threads,
    satellite_bytes: plentifulBytes,
  }
  parameters.servers = movingServers(parameters)
  const [problem] = checkRelations(parameters)
  if (problem === undefined) return parameters
  throw new SkyError('invalid_argument', problem.message, `Allowed: ${problem.allowed}`)
}

/**
 * As many servers as move when the constellation turns: where they fill whole planes, each stays where it is.
 * @throws SkyError `invalid_argument` where none can move
 */
function movingServers({ slots, planes, centre_slot, centre_plane, strategy }: ParameterValues): number {
  const options = {
    torus: { slots, planes },
    centre: { slot: centre_slot, plane: centre_plane },
    strategy,
    fromEpoch: 0,
  }
  for (let servers = Math.min(mostServers, slots * planes); servers > 0; servers--) {
    if (migrationPlan({ ...options, servers }).length > 0) return servers
  }
  throw new SkyError(
    'invalid_argument',
    `in a constellation of ${slots}x${planes} nothing moves when it turns`,
    'Start the lab with two slots or more.',
  )
}
