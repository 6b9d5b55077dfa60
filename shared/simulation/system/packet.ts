import type { Position, Torus } from '../../constellation/torus'
import type { Failures } from '../../contract/agent-control'
import type { Route } from '../../experiment/records'
import type { Occurrence } from './event-queue'

/** Origin of a packet that comes from the ground station, or from the model on board. */
export const fromHost = -1

/** The constellation as links see it: `TrialNetwork`, or a sky with real orbits. */
export interface SimulatedNetwork {
  readonly torus: Torus
  readonly maxHops: number
  readonly modelOnBoard: boolean
  isFailed(at: Position): boolean
  setFailures(failures: Failures): void
  nextHop(from: Position, to: Position): Position | null
  linkLightTimeUs(from: Position, to: Position): number
  groundLightTimeUs(satellite: Position, epoch: number): number
  gateway(destination: Position, epoch: number): Position | null
}

/** The placement of an epoch, by satellite index. */
export interface EpochView {
  readonly epoch: number
  /** Element k is the satellite of server k. */
  readonly servers: Int32Array
  /** Satellites that leave as this epoch begins, in the order of their servers, and where each moves. */
  readonly leaving: ReadonlyMap<number, number>
}

/** The placements of all epochs. */
export interface Placements {
  readonly torus: Torus
  at(epoch: number): EpochView
}

/** What moves packets. */
export interface Links {
  /** Send a packet from its origin to its destination. */
  send(packet: Packet): void
  /** Send the answer to a packet, which is at its destination, back to its origin. */
  answer(packet: Packet, bytes: number): void
  /** A packet is at the end of what it was sent over. */
  moved(packet: Packet): void
  /** Where a packet from the host, which is back, was on its way out, with the light time that it had collected by then. */
  routeOf(packet: Packet): Route['steps']
  /** The placement or the failures have changed: forget what followed from the old ones. */
  changed(): void
  /** Add everything that was counted to the satellites' counters. */
  settle(): void
}

/** A way over links that packets without queues take at once. */
export interface Way {
  /** Links of the way out. */
  readonly hops: number
  readonly outMs: number
  readonly backMs: number
}

export type PacketState = 'out' | 'back' | 'unreachable' | 'lost'

/** A packet's state while it moves link by link. */
export interface Travel {
  /** The satellite at which it is, or `fromHost` when it is back. */
  at: number
  /** Where it entered the network: where its answer goes. */
  gateway: number
  /** Forwards that are left. */
  timeToLive: number
  sentMs: number
  /** Where it was, while ways are recorded. */
  steps: Route['steps']
}

/** What a packet carries or asks for: what happens where it arrives. */
export interface Cargo {
  /** How long its origin waits for the answer, ms; 0 = nobody answers it. */
  readonly limitMs: number
  /** It is at its destination. */
  arrive(packet: Packet): void
  /** Its answer is at the origin. */
  returned(packet: Packet): void
  /** There is no way, or no answer has come in time. */
  lost(packet: Packet): void
}

/**
 * A packet of the satellite network, with its answer: the same object is the request on its way out and the answer on its
 * way back. One class for all kinds: packets are made by the million, and fields of subclasses are slow to make.
 */
export class Packet implements Occurrence {
  order = 0
  state: PacketState = 'out'
  /** Links traversed by the request, one way. */
  hops = 0
  /** Light time so far, there and back. */
  lightMs = 0
  /** Over links on which nothing queues or fails. */
  way: Way | null = null
  /** The next one of those that left at the same moment on the same way, and arrive together. */
  follower: Packet | null = null
  /** Over other links. */
  travel: Travel | null = null
  readonly links: Links
  readonly cargo: Cargo
  /** Index of the satellite that sent it, or `fromHost`. */
  readonly origin: number
  readonly destination: number
  readonly epoch: number
  /** On the wire, header included. */
  bytes: number

  constructor(links: Links, cargo: Cargo, origin: number, destination: number, epoch: number, bytes: number) {
    this.links = links
    this.cargo = cargo
    this.origin = origin
    this.destination = destination
    this.epoch = epoch
    this.bytes = bytes
  }

  happen(): void {
    this.links.moved(this)
  }
}
