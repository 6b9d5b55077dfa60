import { buildSky } from '../../constellation/orbits/build-sky'
import { entryOf } from '../../constellation/orbits/entry'
import { onBoard } from '../../constellation/orbits/on-board'
import { parseOrbitOptions } from '../../constellation/orbits/orbit-options'
import type { Sky, SkyView } from '../../constellation/orbits/sky'
import { distancesTo, failureSet, neighbour, nextHop, type FailureSet } from '../../constellation/routing'
import { positionOf, satelliteIndex, type Position, type Torus } from '../../constellation/torus'
import type { Failures } from '../../contract/agent-control'
import { SkyError } from '../../contract/errors'
import type { ParameterValues } from '../../experiment/parameters'
import { follow, serversOf, startFollowing, type Following } from '../../placement/following'
import { leavingBetween } from './orbit-view'
import type { EpochView, Placements, SimulatedNetwork } from './packet'

const microseconds = 1e6
/** A sky in which nothing has come into sight by then is taken as one in which nothing does, s. */
const firstSightingLimitS = 86_400
/** Epochs that are kept: reads look back by one, and slow satellites may know an older one. */
const keptEpochs = 16

/**
 * The sky of an experiment with real orbits.
 * @throws SkyError invalid_argument: element sets that are damaged; invalid_experiment: a grid of another size
 */
export function skyOf(parameters: ParameterValues, tleText: string): Sky {
  const { orbits, strategy } = parameters
  const ground = {
    ground_lat_deg: parameters.ground_lat_deg,
    ground_lon_deg: parameters.ground_lon_deg,
    ground_altitude_m: parameters.ground_altitude_m,
    min_elevation_deg: parameters.min_elevation_deg,
    handover: parameters.handover,
    pass: parameters.pass,
    sky_step_s: parameters.sky_step_s,
  }
  const { slots, planes, altitude_m, inclination_deg, walker_pattern, phasing, tle_file } = parameters
  const spread = parameters.node_spread_deg === 0 ? {} : { node_spread_deg: parameters.node_spread_deg }
  const start = parameters.tle_start === 'latest' ? {} : { tle_start: parameters.tle_start }
  const options =
    orbits === 'walker'
      ? { orbits, slots, planes, altitude_m, inclination_deg, walker_pattern, phasing, ...spread, ...ground }
      : { orbits, tle_file, inclination_deg, ...start, ...ground }
  const { sky } = buildSky(parseOrbitOptions(options), tleText)
  if (sky.torus.slots !== slots || sky.torus.planes !== planes) {
    const size = ({ slots: long, planes: wide }: Torus): string => `${long}x${wide}`
    throw new SkyError(
      'invalid_experiment',
      `the satellites of ${tle_file} form a grid of ${size(sky.torus)}, not of ${size({ slots, planes })}`,
      `Set slots to ${sky.torus.slots} and planes to ${sky.torus.planes}.`,
    )
  }
  return strategy === 'hop' ? onBoard(sky) : sky
}

/** A constellation on real orbits as its links are at the present moment. */
export class SkyNetwork implements SimulatedNetwork {
  readonly torus: Torus
  readonly maxHops: number
  readonly modelOnBoard: boolean
  readonly #sky: Sky
  readonly #nowS: () => number
  #failures: FailureSet
  readonly #distances = new Map<number, Int32Array>()
  readonly #gateways = new Map<number, Position | null>()
  /** The view to which the gateways belong. */
  #view: SkyView | null = null

  constructor(sky: Sky, parameters: ParameterValues, nowS: () => number) {
    this.#sky = sky
    this.#nowS = nowS
    this.torus = sky.torus
    this.maxHops = 4 * (sky.torus.slots + sky.torus.planes)
    this.modelOnBoard = parameters.strategy === 'hop'
    this.#failures = this.#with({ satellites: [], links: [] })
  }

  setFailures(failures: Failures): void {
    this.#failures = this.#with(failures)
    this.#distances.clear()
    this.#gateways.clear()
  }

  isFailed(at: Position): boolean {
    return this.#failures.satelliteFailed(satelliteIndex(this.torus, at))
  }

  nextHop(from: Position, to: Position): Position | null {
    const direction = nextHop(this.torus, from, to, this.#failures, this.#distancesTo(to))
    return direction === null ? null : neighbour(this.torus, from, direction)
  }

  linkLightTimeUs(from: Position, to: Position): number {
    const [a, b] = [satelliteIndex(this.torus, from), satelliteIndex(this.torus, to)]
    return (this.#sky.linkDistanceM(a, b, this.#nowS()) / this.#sky.lightSpeedMPerS) * microseconds
  }

  groundLightTimeUs(satellite: Position): number {
    const distanceM = this.#sky.groundDistanceM(satelliteIndex(this.torus, satellite), this.#nowS())
    return (distanceM / this.#sky.lightSpeedMPerS) * microseconds
  }

  /** By what is in sight now, whatever the epoch of the packet. */
  gateway(destination: Position): Position | null {
    const view = this.#sky.viewAt(this.#nowS())
    if (view !== this.#view) {
      this.#gateways.clear()
      this.#view = view
    }
    const key = satelliteIndex(this.torus, destination)
    let gateway = this.#gateways.get(key)
    if (gateway === undefined) {
      const usable = view.window.filter((satellite) => !this.#failures.satelliteFailed(satellite))
      const distances = this.#distancesTo(destination)
      const entry = entryOf(this.torus, usable, destination, this.#failures, distances)
      gateway = entry === null ? null : positionOf(this.torus, entry)
      this.#gateways.set(key, gateway)
    }
    return gateway
  }

  #with({ satellites, links }: Failures): FailureSet {
    return failureSet(this.torus, { satellites, links: [...links, ...this.#sky.absentLinks] })
  }

  #distancesTo(to: Position): Int32Array | undefined {
    if (this.#failures.isEmpty) return undefined
    const key = satelliteIndex(this.torus, to)
    let distances = this.#distances.get(key)
    if (distances === undefined) {
      distances = distancesTo(this.torus, to, this.#failures)
      this.#distances.set(key, distances)
    }
    return distances
  }
}

/** Placements that follow the satellite overhead. */
export class SkyPlacements implements Placements {
  readonly torus: Torus
  readonly #sky: Sky
  readonly #views = new Map<number, EpochView>()
  #following: Following
  #newest = 0
  /** A view of the newest epoch. */
  #view: SkyView

  constructor(sky: Sky, { strategy, servers }: ParameterValues) {
    this.torus = sky.torus
    this.#sky = sky
    this.#view = sky.viewAt(0)
    const centre = firstCentre(sky)
    this.#following = startFollowing({ strategy, torus: sky.torus, centre, servers })
    this.#keep(this.#servers())
  }

  /** @param epoch one that has begun */
  at(epoch: number): EpochView {
    while (this.#newest < epoch) this.#next()
    const view = this.#views.get(epoch)
    if (view === undefined) throw new Error(`the placement of epoch ${epoch} is not known any more`)
    return view
  }

  #next(): void {
    const before = this.#servers()
    this.#newest += 1
    while (this.#view.epoch < this.#newest) this.#view = this.#sky.viewAt(this.#view.untilS)
    const centre = this.#view.placementCentre
    if (centre !== null) this.#following = follow(this.#following, centre)
    this.#keep(before)
  }

  #keep(before: Int32Array): void {
    const servers = this.#servers()
    const leaving = leavingBetween(before, servers)
    this.#views.set(this.#newest, { epoch: this.#newest, servers, leaving })
    this.#views.delete(this.#newest - keptEpochs)
  }

  #servers(): Int32Array {
    return Int32Array.from(serversOf(this.#following), (at) => satelliteIndex(this.torus, at))
  }
}

/** The first satellite overhead, or any where none ever is. */
function firstCentre(sky: Sky): Position {
  for (let view = sky.viewAt(0); view.fromS < firstSightingLimitS; view = sky.viewAt(view.untilS)) {
    if (view.placementCentre !== null) return view.placementCentre
    if (view.untilS === Infinity) break
  }
  return positionOf(sky.torus, 0)
}
