import type { Sky } from '../../constellation/orbits/sky'
import type { ParameterValues } from '../../experiment/parameters'
import { blockShape } from '../../kvc/block-shape'
import { TrialNetwork } from '../../network/trial-network'
import { BlockCut } from './block-cut'
import type { EventQueue } from './event-queue'
import { ExpressLinks } from './express-links'
import { FailureSchedule } from './failure-schedule'
import { FlightWindow } from './flight-window'
import { GroundServers } from './ground-servers'
import { HopLinks } from './hop-links'
import { Migrations } from './migration'
import { OrbitView } from './orbit-view'
import type { Links, SimulatedNetwork } from './packet'
import type { SimulatedCache } from './simulated-cache'
import { SatelliteCounts } from './satellite-counts'
import { SatelliteMemories } from './satellite-memories'
import { Satellites } from './satellites'
import { SkyNetwork, SkyPlacements, skyOf } from './sky-space'

/** The satellites of a trial, the links between them, and the host's view of them. */
export interface CacheSystem extends SimulatedCache {
  readonly network: SimulatedNetwork
  /** Null for the static torus, which rotations turn. */
  readonly sky: Sky | null
  readonly links: Links
}

const bitsPerMegabit = 1e6

/** Empty satellites at epoch 0. */
export function openCache(
  queue: EventQueue,
  parameters: ParameterValues,
  { recordRoutes, tleText }: { readonly recordRoutes: boolean; readonly tleText: string },
): CacheSystem {
  const { byteLength, chunkBytes } = blockShape(parameters)
  const space = parameters.orbits === 'torus' ? staticSpace(parameters) : skySpace(queue, parameters, tleText)
  const { network, orbit } = space
  const counts = new SatelliteCounts(network.torus)
  const cut = new BlockCut(byteLength, chunkBytes, parameters.servers)
  const { slots, planes } = network.torus
  const memories = new SatelliteMemories(slots * planes, parameters.satellite_bytes, cut)
  const timed = parameters.link_delay !== 'off'
  const links =
    space.kind === 'static' && isExpress(parameters)
      ? new ExpressLinks(queue, space.network, space.orbit, counts, timed)
      : new HopLinks({
          queue,
          network,
          counts,
          timed,
          recordRoutes,
          islBitsPerS: parameters.isl_megabits_per_s * bitsPerMegabit,
          groundBitsPerS: parameters.ground_megabits_per_s * bitsPerMegabit,
        })
  const { eviction } = parameters
  const satellites = new Satellites({ queue, links, orbit, memories, counts, eviction })
  const ground = new GroundServers(satellites, new Migrations(satellites, cut), network.modelOnBoard)
  const window = new FlightWindow(parameters.bytes_in_flight)
  const sky = space.kind === 'sky' ? space.sky : null
  return { ground, cut, window, lookup: parameters.lookup, timed, links, network, sky, recordRoutes }
}

function staticSpace(parameters: ParameterValues) {
  const network = new TrialNetwork(parameters, { satellites: [], links: [] }, [])
  return { kind: 'static', network, orbit: new OrbitView(network, parameters) } as const
}

function skySpace(queue: EventQueue, parameters: ParameterValues, tleText: string) {
  const sky = skyOf(parameters, tleText)
  const network = new SkyNetwork(sky, parameters, () => queue.nowMs / 1000)
  return { kind: 'sky', sky, network, orbit: new SkyPlacements(sky, parameters) } as const
}

/** Without queues and failures, the ways of packets are known when they leave. */
function isExpress(parameters: ParameterValues): boolean {
  const { isl_megabits_per_s, ground_megabits_per_s } = parameters
  return isl_megabits_per_s === 0 && ground_megabits_per_s === 0 && FailureSchedule.isEmpty(parameters)
}
