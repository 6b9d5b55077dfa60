import { positionOf, satelliteIndex, wrap, type Position, type Torus } from '../../constellation/torus'
import type { TrialNetwork } from '../../network/trial-network'
import { boxOf } from '../../placement/box'
import type { EpochView, Placements } from './packet'
import type { ParameterValues } from '../../experiment/parameters'

/** Epochs that are kept: reads look back by one, and slow satellites may know an older one. */
const kept = 16

/**
 * Placements of all epochs. They repeat: after as many rotations as the box is wide, all servers have moved by that many
 * slots. So one period is computed, and every other epoch is one of it, shifted.
 */
export class OrbitView implements Placements {
  readonly torus: Torus
  readonly period: number
  readonly #network: TrialNetwork
  readonly #views = new Map<number, EpochView>()

  constructor(network: TrialNetwork, parameters: ParameterValues) {
    this.#network = network
    this.torus = network.torus
    const centre = { slot: parameters.centre_slot, plane: parameters.centre_plane }
    this.period = network.modelOnBoard ? 1 : boxOf(network.torus, centre, parameters.servers).width
  }

  /** The epoch of the first period to which this one is equal but for a shift. */
  phase(epoch: number): number {
    return epoch % this.period
  }

  /** Where a satellite of the first period is in this epoch: as many slots further back as there were rotations between. */
  shifted(satellite: number, epoch: number): number {
    return this.#moved(satellite, this.phase(epoch) - epoch)
  }

  /** Where a satellite of this epoch is in the first period. */
  unshifted(satellite: number, epoch: number): number {
    return this.#moved(satellite, epoch - this.phase(epoch))
  }

  #moved(satellite: number, bySlots: number): number {
    if (this.#network.modelOnBoard) return satellite
    const { slots } = this.torus
    const plane = Math.floor(satellite / slots)
    return plane * slots + wrap(satellite - plane * slots + bySlots, slots)
  }

  at(epoch: number): EpochView {
    let view = this.#views.get(epoch)
    if (view === undefined) {
      view = this.#make(epoch)
      this.#views.set(epoch, view)
      this.#views.delete(epoch - kept)
    }
    return view
  }

  #make(epoch: number): EpochView {
    const phase = this.phase(epoch)
    const index = (at: Position): number => this.shifted(satelliteIndex(this.torus, at), epoch)
    const servers = Int32Array.from(this.#network.servers(phase), index)
    const stays = epoch === 0 || this.#network.modelOnBoard
    const leaving = leavingBetween(stays ? servers : this.at(epoch - 1).servers, servers)
    return { epoch, servers, leaving }
  }

  position(satellite: number): Position {
    return positionOf(this.torus, satellite)
  }
}

/** Satellites that lose a server from one placement to the next, and the satellites that take it over. */
export function leavingBetween(before: Int32Array, after: Int32Array): Map<number, number> {
  const leaving = new Map<number, number>()
  after.forEach((to, server) => {
    const from = before[server] as number
    if (from !== to) leaving.set(from, to)
  })
  return leaving
}
