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
import type { Links } from './packet'
import type { SimulatedCache } from './request-flow'
import { SatelliteCounts } from './satellite-counts'
import { SatelliteMemories } from './satellite-memories'
import { Satellites } from './satellites'

/** The satellites of a trial, the links between them, and the host's view of them. */
export interface CacheSystem extends SimulatedCache {
  readonly network: TrialNetwork
  readonly links: Links
}

const bitsPerMegabit = 1e6

/** Empty satellites at epoch 0. */
export function openCache(
  queue: EventQueue,
  parameters: ParameterValues,
  recordRoutes: boolean,
): CacheSystem {
  const { byteLength, chunkBytes } = blockShape(parameters)
  const network = new TrialNetwork(parameters, { satellites: [], links: [] }, [])
  const orbit = new OrbitView(network, parameters)
  const counts = new SatelliteCounts(network.torus)
  const cut = new BlockCut(byteLength, chunkBytes, parameters.servers)
  const { slots, planes } = network.torus
  const memories = new SatelliteMemories(slots * planes, parameters.satellite_bytes, cut)
  const timed = parameters.link_delay !== 'off'
  const links = isExpress(parameters)
    ? new ExpressLinks(queue, network, orbit, counts, timed)
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
  return { ground, cut, window, lookup: parameters.lookup, timed, links, network, recordRoutes }
}

/** Without queues and failures, the ways of packets are known when they leave. */
function isExpress(parameters: ParameterValues): boolean {
  const { isl_megabits_per_s, ground_megabits_per_s } = parameters
  return isl_megabits_per_s === 0 && ground_megabits_per_s === 0 && FailureSchedule.isEmpty(parameters)
}
