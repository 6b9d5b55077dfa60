import { geometry, type Geometry } from '../constellation/geometry'
import { entrySatellite } from '../constellation/ground'
import {
  distancesTo,
  failureSet,
  neighbour,
  nextHop,
  noFailures,
  type FailureSet,
} from '../constellation/routing'
import {
  samePosition,
  satelliteIndex,
  shortestDelta,
  type Position,
  type Torus,
} from '../constellation/torus'
import type { Failures } from '../contract/agent-control'
import type { ParameterValues } from '../experiment/parameters'
import { migrationPlan, type Move } from '../placement/migration'
import { centreAt, placement } from '../placement/placement'

const microseconds = 1e6

/**
 * The constellation of a trial as every host sees it: distances, the placement of each epoch, the LOS window, and
 * which satellites and links can be used. Satellites of a host that is not connected count as failed.
 */
export class TrialNetwork {
  readonly torus: Torus
  readonly parameters: ParameterValues
  /** Long enough for any way around failures that a torus of this size offers in practice. */
  readonly maxHops: number
  readonly #geometry: Geometry
  readonly #centres = new Map<number, Position>()
  readonly #placements = new Map<number, Position[]>()
  readonly #moves = new Map<number, Move[]>()
  #commanded: Failures
  #lostPlanes: readonly number[]
  #failures: FailureSet = noFailures
  #distances = new Map<number, Int32Array>()
  #gateways = new Map<number, Position | null>()

  constructor(parameters: ParameterValues, failures: Failures, lostPlanes: readonly number[]) {
    this.parameters = parameters
    this.torus = { slots: parameters.slots, planes: parameters.planes }
    this.maxHops = 4 * (parameters.slots + parameters.planes)
    this.#geometry = geometry({
      ...this.torus,
      altitudeM: parameters.altitude_m,
      preset: parameters.geometry,
    })
    this.#commanded = failures
    this.#lostPlanes = lostPlanes
    this.#applyFailures()
  }

  setFailures(failures: Failures): void {
    this.#commanded = failures
    this.#applyFailures()
  }

  setLostPlanes(planes: readonly number[]): void {
    this.#lostPlanes = planes
    this.#applyFailures()
  }

  isFailed(at: Position): boolean {
    return this.#failures.satelliteFailed(satelliteIndex(this.torus, at))
  }

  /** The neighbour to which a packet goes next, or null where there is no way. */
  nextHop(from: Position, to: Position): Position | null {
    const direction = nextHop(this.torus, from, to, this.#failures, this.#distancesTo(to))
    return direction === null ? null : neighbour(this.torus, from, direction)
  }

  /** Light time between two neighbours, µs. */
  linkLightTimeUs(from: Position, to: Position): number {
    return this.#geometry.linkDelayS(from.plane === to.plane ? 'slot' : 'plane') * microseconds
  }

  /** Light time between the ground host and a satellite, µs. */
  groundLightTimeUs(satellite: Position, epoch: number): number {
    const { slots, planes } = this.#offset(this.centre(epoch), satellite)
    return this.#geometry.groundDelayS(slots, planes) * microseconds
  }

  centre(epoch: number): Position {
    let centre = this.#centres.get(epoch)
    if (centre === undefined) {
      centre = centreAt({ ...this.#placementOptions(), rotations: epoch })
      this.#centres.set(epoch, centre)
    }
    return centre
  }

  /** The model is on board of the centre satellite (`hop`), or on the ground. */
  get modelOnBoard(): boolean {
    return this.parameters.strategy === 'hop'
  }

  /**
   * Where a packet for this satellite enters the network: at the satellite that carries the model, or through the LOS
   * window (`entrySatellite`); null when there is no way.
   */
  gateway(destination: Position, epoch: number): Position | null {
    const key = epoch * this.torus.slots * this.torus.planes + satelliteIndex(this.torus, destination)
    let gateway = this.#gateways.get(key)
    if (gateway === undefined) {
      gateway = this.#findGateway(destination, epoch)
      this.#gateways.set(key, gateway)
    }
    return gateway
  }

  #findGateway(destination: Position, epoch: number): Position | null {
    const centre = this.centre(epoch)
    if (this.modelOnBoard) return this.isFailed(centre) ? null : centre
    const { los_slots, los_planes } = this.parameters
    const view = { torus: this.torus, centre, losSlots: los_slots, losPlanes: los_planes }
    return entrySatellite(view, destination, this.#failures, this.#distancesTo(destination))
  }

  /** Element k is the satellite of server k. */
  servers(epoch: number): readonly Position[] {
    let servers = this.#placements.get(epoch)
    if (servers === undefined) {
      servers = placement({ ...this.#placementOptions(), rotations: epoch })
      this.#placements.set(epoch, servers)
    }
    return servers
  }

  serverAt(position: Position, epoch: number): number | null {
    const server = this.servers(epoch).findIndex((at) => samePosition(at, position))
    return server === -1 ? null : server
  }

  /** Moves of the rotation that begins this epoch. */
  moves(epoch: number): readonly Move[] {
    if (epoch === 0) return []
    let moves = this.#moves.get(epoch)
    if (moves === undefined) {
      moves = migrationPlan({ ...this.#placementOptions(), fromEpoch: epoch - 1 })
      this.#moves.set(epoch, moves)
    }
    return moves
  }

  /** Where this satellite's chunks go in the rotation that begins this epoch; null when they stay. */
  migrationTarget(position: Position, epoch: number): Position | null {
    return this.moves(epoch).find((move) => samePosition(move.from, position))?.to ?? null
  }

  #placementOptions() {
    const { strategy, servers, centre_slot, centre_plane } = this.parameters
    return { strategy, servers, torus: this.torus, centre: { slot: centre_slot, plane: centre_plane } }
  }

  #offset(from: Position, to: Position): { slots: number; planes: number } {
    return {
      slots: shortestDelta(from.slot, to.slot, this.torus.slots),
      planes: shortestDelta(from.plane, to.plane, this.torus.planes),
    }
  }

  #applyFailures(): void {
    const lost = this.#lostPlanes.flatMap((plane) =>
      Array.from({ length: this.torus.slots }, (_, slot) => ({ slot, plane })),
    )
    this.#failures = failureSet(this.torus, {
      satellites: [...this.#commanded.satellites, ...lost],
      links: this.#commanded.links,
    })
    this.#distances.clear()
    this.#gateways.clear()
  }

  /** Around failures the way to a destination is searched once and kept until the failures change. */
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
