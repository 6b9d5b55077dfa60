import { geometry } from '../../constellation/geometry'
import { shortestDelta } from '../../constellation/torus'
import { chunkCount, chunkCountOfServer } from '../../kvc/chunks'
import { centreAt, placement } from '../../placement/placement'
import { checkConfiguration, type LatencyConfiguration } from './configuration'
import { timeSpread, type TimeSpread } from './time-spread'

export interface ServerLatency {
  readonly server: number
  readonly slot: number
  readonly plane: number
  /** Chunks of the block on this server. */
  readonly chunks: number
  /** The way from the model's host: slant distance from the ground, or length of the links from the centre, m. */
  readonly distanceM: number
  /** Light time of that way, plus the processing of all chunks, s. */
  readonly timeS: number
}

/** Everything that the model says about one configuration. */
export interface BlockLatency extends TimeSpread {
  readonly perServer: readonly ServerLatency[]
}

/**
 * The paper's latency model (section 4 of the design): chunk c lies on server c mod n; a server takes the light time of
 * its distance and the processing time of every chunk on it; every server is taken as in sight.
 * @throws SkyError `invalid_argument`
 */
export function blockLatency(configuration: LatencyConfiguration): BlockLatency {
  checkConfiguration(configuration)
  const { strategy, torus, servers, kvcBytes, chunkBytes, chunkProcessingTimeS } = configuration
  const g = geometry({ ...torus, altitudeM: configuration.altitudeM, preset: configuration.preset })
  const distance = strategy === 'hop' ? g.pathM : g.slantM
  const centre = centreAt(configuration)
  const blockChunks = chunkCount(kvcBytes, chunkBytes)
  const perServer = placement(configuration).map(({ slot, plane }, server) => {
    const slots = shortestDelta(centre.slot, slot, torus.slots)
    const planes = shortestDelta(centre.plane, plane, torus.planes)
    const chunks = chunkCountOfServer(server, servers, blockChunks)
    const distanceM = distance(slots, planes)
    const timeS = distanceM / g.lightSpeedMPerS + chunks * chunkProcessingTimeS
    return { server, slot, plane, chunks, distanceM, timeS }
  })
  const times = Float64Array.from(perServer, ({ timeS }) => timeS)
  return { perServer, ...timeSpread(times, servers) }
}
