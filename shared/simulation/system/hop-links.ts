import { satelliteIndex, type Position, positionOf } from '../../constellation/torus'
import { directions, neighbour, type Direction } from '../../constellation/routing'
import type { Route } from '../../experiment/records'
import { Call, type EventQueue } from './event-queue'
import { acknowledgeBytes } from './packet-bytes'
import { fromHost, type Links, type Packet, type SimulatedNetwork, type Travel } from './packet'
import { add, type SatelliteCounts } from './satellite-counts'

export interface HopLinksOptions {
  readonly queue: EventQueue
  readonly network: SimulatedNetwork
  readonly counts: SatelliteCounts
  /** Whether links take their light time. */
  readonly timed: boolean
  readonly recordRoutes: boolean
  /** Rates of each direction of a link, bits a second; 0 = no queueing. */
  readonly islBitsPerS: number
  readonly groundBitsPerS: number
}

const bitsPerByte = 8
const msPerS = 1000

/** The time at which each direction of some links is free again, ms. A packet waits for it, and then takes it for its length. */
class Lines {
  readonly #freeAtMs: Float64Array
  readonly #msPerByte: number

  constructor(count: number, bitsPerS: number) {
    this.#msPerByte = bitsPerS === 0 ? 0 : (bitsPerByte * msPerS) / bitsPerS
    this.#freeAtMs = new Float64Array(bitsPerS === 0 ? 0 : count)
  }

  /** When a packet that is ready now has left completely. */
  leaves(line: number, bytes: number, nowMs: number): number {
    if (this.#msPerByte === 0) return nowMs
    const leftMs = Math.max(nowMs, this.#freeAtMs[line] as number) + bytes * this.#msPerByte
    this.#freeAtMs[line] = leftMs
    return leftMs
  }
}

/**
 * Links one by one: every satellite decides on the next hop by itself, packets queue for links at their rate, first come,
 * first served, and go around failures. A packet at a satellite that has failed is lost; one that finds no way is told.
 */
export class HopLinks implements Links {
  readonly #options: HopLinksOptions
  readonly #isl: Lines
  readonly #up: Lines
  readonly #down: Lines

  constructor(options: HopLinksOptions) {
    this.#options = options
    const { slots, planes } = options.network.torus
    this.#isl = new Lines(slots * planes * directions.length, options.islBitsPerS)
    this.#up = new Lines(slots * planes, options.groundBitsPerS)
    this.#down = new Lines(slots * planes, options.groundBitsPerS)
  }

  send(packet: Packet): void {
    const { queue, network } = this.#options
    const { origin } = packet
    const travel: Travel = {
      at: origin,
      gateway: origin,
      timeToLive: network.maxHops,
      sentMs: queue.nowMs,
      steps: [],
    }
    packet.travel = travel
    if (origin !== fromHost) return this.#forward(packet, travel)
    const destination = this.#position(packet.destination)
    const gateway = network.isFailed(destination) ? null : network.gateway(destination, packet.epoch)
    if (gateway === null) return this.#giveUp(packet, 0)
    travel.gateway = satelliteIndex(network.torus, gateway)
    travel.at = travel.gateway
    if (network.modelOnBoard) return queue.soon(packet)
    packet.hops += 1
    const lightMs = this.#groundMs(gateway, packet.epoch)
    packet.lightMs += lightMs
    queue.at(this.#up.leaves(travel.gateway, packet.bytes, queue.nowMs) + lightMs, packet)
  }

  answer(packet: Packet, bytes: number): void {
    packet.state = 'back'
    packet.bytes = bytes
    const travel = travelOf(packet)
    travel.timeToLive = this.#options.network.maxHops
    travel.at = packet.destination
    this.#forward(packet, travel)
  }

  moved(packet: Packet): void {
    if (packet.state === 'lost') return packet.cargo.lost(packet)
    const travel = travelOf(packet)
    if (travel.at === fromHost) return this.#returned(packet, travel)
    this.#arrive(packet, travel)
  }

  routeOf(packet: Packet): Route['steps'] {
    return travelOf(packet).steps
  }

  changed(): void {
    // Nothing is kept that depends on the placement.
  }

  settle(): void {
    // Everything is counted as it happens.
  }

  /** A packet has come out of a link at a satellite. */
  #arrive(packet: Packet, travel: Travel): void {
    const { network, counts } = this.#options
    const { at } = travel
    if (network.isFailed(this.#position(at))) {
      add(counts.dropped, at, 1)
      return this.#giveUp(packet, packet.cargo.limitMs)
    }
    if (this.#options.recordRoutes && packet.state === 'out')
      travel.steps.push({ ...this.#position(at), propagationMs: packet.lightMs })
    if (at !== this.#target(packet, travel)) {
      add(counts.forwarded, at, 1)
      return this.#forward(packet, travel)
    }
    this.#deliver(packet, travel)
  }

  #deliver(packet: Packet, travel: Travel): void {
    if (packet.state === 'out') packet.cargo.arrive(packet)
    else if (packet.origin === fromHost) this.#handDown(packet, travel)
    else this.#returned(packet, travel)
  }

  /** An answer that comes after its origin has given up is as good as none. */
  #returned(packet: Packet, { sentMs }: Travel): void {
    const inTime = this.#options.queue.nowMs - sentMs <= packet.cargo.limitMs
    if (packet.state === 'back' && inTime) packet.cargo.returned(packet)
    else packet.cargo.lost(packet)
  }

  #target(packet: Packet, { gateway }: Travel): number {
    return packet.state === 'out' ? packet.destination : gateway
  }

  /** Send a packet that is at a satellite one link further. */
  #forward(packet: Packet, travel: Travel): void {
    const { queue, network } = this.#options
    const from = this.#position(travel.at)
    const target = this.#target(packet, travel)
    if (travel.at === target) return this.#deliver(packet, travel)
    const to = network.nextHop(from, this.#position(target))
    if (to === null || travel.timeToLive === 0) return this.#refuse(packet, travel)
    travel.timeToLive -= 1
    if (packet.state === 'out') packet.hops += 1
    const lightMs = this.#options.timed ? network.linkLightTimeUs(from, to) / 1000 : 0
    packet.lightMs += lightMs
    const line = travel.at * directions.length + this.#directionOf(from, to)
    const arrivesMs = this.#isl.leaves(line, packet.bytes, queue.nowMs) + lightMs
    travel.at = satelliteIndex(network.torus, to)
    // Between satellites that need no time, as within one process, nothing else comes in between.
    if (arrivesMs > queue.nowMs) queue.at(arrivesMs, packet)
    else this.#arrive(packet, travel)
  }

  /** Tell the origin of a request that it cannot arrive; answers and packets that nobody answers are just dropped. */
  #refuse(packet: Packet, travel: Travel): void {
    add(this.#options.counts.dropped, travel.at, 1)
    if (packet.state !== 'out') return this.#giveUp(packet, packet.cargo.limitMs)
    if (packet.cargo.limitMs === 0) return this.#giveUp(packet, 0)
    packet.state = 'unreachable'
    packet.bytes = acknowledgeBytes
    travel.timeToLive = this.#options.network.maxHops
    this.#forward(packet, travel)
  }

  /** The last step of an answer: down the ground link, or within the satellite that carries the model. */
  #handDown(packet: Packet, travel: Travel): void {
    const { queue, network } = this.#options
    const satellite = travel.at
    travel.at = fromHost
    if (network.modelOnBoard) return queue.soon(packet)
    const lightMs = this.#groundMs(this.#position(satellite), packet.epoch)
    packet.lightMs += lightMs
    queue.at(this.#down.leaves(satellite, packet.bytes, queue.nowMs) + lightMs, packet)
  }

  /** Nothing will come back: the origin notices when its patience is over. */
  #giveUp(packet: Packet, limitMs: number): void {
    const { queue } = this.#options
    packet.state = 'lost'
    if (limitMs === 0) queue.soon(packet)
    else queue.at(travelOf(packet).sentMs + limitMs, new Call(() => packet.cargo.lost(packet)))
  }

  #groundMs(satellite: Position, epoch: number): number {
    return this.#options.timed ? this.#options.network.groundLightTimeUs(satellite, epoch) / 1000 : 0
  }

  #position(satellite: number): Position {
    return positionOf(this.#options.network.torus, satellite)
  }

  #directionOf(from: Position, to: Position): number {
    const { torus } = this.#options.network
    const leadsThere = (direction: Direction): boolean => {
      const other = neighbour(torus, from, direction)
      return other !== null && other.slot === to.slot && other.plane === to.plane
    }
    return directions.findIndex(leadsThere)
  }
}

/** Packets get it as they leave. */
const travelOf = (packet: Packet): Travel => packet.travel as Travel
