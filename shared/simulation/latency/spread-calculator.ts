import { geometry } from '../../constellation/geometry'
import { chunkCount } from '../../kvc/chunks'
import type { LatencyConfiguration } from './configuration'
import { serverOffsets, type ServerOffsets } from './server-offsets'
import { timeSpread, type TimeSpread } from './time-spread'

/** The spread of one configuration. Configurations are not checked: a sweep checks its lists once. */
export type SpreadCalculator = (configuration: LatencyConfiguration) => TimeSpread

/**
 * The latency model for sweeps: the same numbers as `blockLatency`, to the last bit.
 *
 * It keeps what the configuration before had in common with this one: the offsets of the servers (the same at every
 * altitude, size and processing time), and their light times (the same for every size and processing time). A sweep
 * that varies those innermost therefore costs a few operations a server.
 */
export function spreadCalculator(): SpreadCalculator {
  let last: LatencyConfiguration | null = null
  let known = workspace({ distinct: [], ofServer: new Int32Array(0) })
  return (configuration) => {
    const samePlacement = last !== null && hasSamePlacement(last, configuration)
    if (!samePlacement) known = workspace(serverOffsets(configuration))
    if (!samePlacement || !hasSameScale(last!, configuration)) fillLightTimes(known, configuration)
    last = configuration
    fillTimes(known, configuration)
    return timeSpread(known.timesS, configuration.servers)
  }
}

/** Arrays that are written over and over; allocating them anew would take longer than filling them. */
interface Workspace extends ServerOffsets {
  /** Light time of each distinct offset, s. */
  readonly distinctS: Float64Array
  /** Light time of each server, s. */
  readonly lightS: Float64Array
  readonly timesS: Float64Array
}

function workspace(offsets: ServerOffsets): Workspace {
  const { distinct, ofServer } = offsets
  return {
    ...offsets,
    distinctS: new Float64Array(distinct.length),
    lightS: new Float64Array(ofServer.length),
    timesS: new Float64Array(ofServer.length),
  }
}

function fillLightTimes(
  { distinct, ofServer, distinctS, lightS }: Workspace,
  { torus, altitudeM, preset, strategy }: LatencyConfiguration,
): void {
  const { pathM, slantM, lightSpeedMPerS } = geometry({
    slots: torus.slots,
    planes: torus.planes,
    altitudeM,
    preset,
  })
  const distance = strategy === 'hop' ? pathM : slantM
  for (let offset = 0; offset < distinct.length; offset++) {
    const { slots, planes } = distinct[offset]!
    distinctS[offset] = distance(slots, planes) / lightSpeedMPerS
  }
  for (let server = 0; server < lightS.length; server++) {
    lightS[server] = distinctS[ofServer[server] as number] as number
  }
}

function fillTimes(
  { lightS, timesS }: Workspace,
  { servers, kvcBytes, chunkBytes, chunkProcessingTimeS }: LatencyConfiguration,
): void {
  // Server k holds chunks k, k + n, k + 2n, ...: the first `rest` servers hold one more than the others.
  const chunks = chunkCount(kvcBytes, chunkBytes)
  const fewer = Math.floor(chunks / servers)
  const rest = chunks % servers
  const moreS = (fewer + 1) * chunkProcessingTimeS
  const fewerS = fewer * chunkProcessingTimeS
  for (let server = 0; server < rest; server++) timesS[server] = (lightS[server] as number) + moreS
  for (let server = rest; server < servers; server++) timesS[server] = (lightS[server] as number) + fewerS
}

function hasSamePlacement(a: LatencyConfiguration, b: LatencyConfiguration): boolean {
  return (
    a.strategy === b.strategy &&
    a.servers === b.servers &&
    a.torus.slots === b.torus.slots &&
    a.torus.planes === b.torus.planes &&
    a.rotations === b.rotations
  )
}

function hasSameScale(a: LatencyConfiguration, b: LatencyConfiguration): boolean {
  return a.altitudeM === b.altitudeM && a.preset === b.preset
}
