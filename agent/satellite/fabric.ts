import { ground } from '#shared/protocol/frame'
import { answerTo, PacketFlag, PacketKind, type Packet } from '#shared/protocol/packet'
import { satelliteIndex, type Position } from '#shared/constellation/torus'
import type { TrialNetwork } from '#shared/network/trial-network'
import type { Transport } from '../transport/transport'
import type { SatelliteCounters } from '#shared/experiment/records'
import type { DelayLine } from '../network/delay-line'

/** Where the satellites of the lab are, and how to reach them. */
export interface Places {
  /** The host that carries this plane. */
  hostOfPlane(plane: number): string
  readonly ownHostId: string
  readonly inferenceHostId: string
}

/** A satellite as the links see it. */
export interface LinkedSatellite {
  readonly position: Position
  readonly counters: SatelliteCounters
  /** A packet has arrived that is for this satellite itself. */
  receive(packet: Packet): void
}

/**
 * Moves packets hop by hop between the satellites of this host, and to those of other hosts.
 * Every satellite decides on the next hop by itself; every link traversed counts and costs its light time.
 */
export class Fabric {
  readonly #places: Places
  readonly #transport: Transport
  readonly #delayLine: DelayLine
  readonly #satellites = new Map<number, LinkedSatellite>()
  network: TrialNetwork

  constructor(places: Places, transport: Transport, delayLine: DelayLine, network: TrialNetwork) {
    this.#places = places
    this.#transport = transport
    this.#delayLine = delayLine
    this.network = network
  }

  add(satellite: LinkedSatellite): void {
    this.#satellites.set(satelliteIndex(this.network.torus, satellite.position), satellite)
  }

  /** A packet has come out of a link at one of this host's satellites. */
  arrive(packet: Packet, at: Position): void {
    const satellite = this.#satellites.get(satelliteIndex(this.network.torus, at))
    if (satellite === undefined) return
    if (this.network.isFailed(at)) {
      satellite.counters.dropped += 1
      return
    }
    if (packet.flags & PacketFlag.recordRoute) {
      packet.route.push({ slot: at.slot, plane: at.plane, propagationUs: packet.propagationUs })
    }
    if (packet.destination.slot !== at.slot || packet.destination.plane !== at.plane) {
      satellite.counters.forwarded += 1
      this.forward(packet, satellite)
    } else {
      this.#deliver(packet, satellite)
    }
  }

  /** Send a packet that is at this satellite one link further towards its destination. */
  forward(packet: Packet, from: LinkedSatellite): void {
    const to = this.network.nextHop(from.position, packet.destination)
    if (to === null || packet.ttl === 0) {
      this.#refuse(packet, from)
      return
    }
    packet.ttl -= 1
    this.#delayLine.traverse(packet, this.network.linkLightTimeUs(from.position, to), () => {
      const host = this.#places.hostOfPlane(to.plane)
      if (host === this.#places.ownHostId) this.arrive(packet, to)
      else if (!this.#transport.send(host, packet, to)) this.#refuse(packet, from)
    })
  }

  /** A packet that starts at this satellite: to itself, or over the links. */
  inject(packet: Packet, from: LinkedSatellite): void {
    const { slot, plane } = from.position
    if (packet.destination.slot !== slot || packet.destination.plane !== plane) this.forward(packet, from)
    else this.#deliver(packet, from)
  }

  #deliver(packet: Packet, at: LinkedSatellite): void {
    const forInferenceHost = packet.flags & PacketFlag.answer && !(packet.flags & PacketFlag.satellite)
    if (forInferenceHost) this.#handToInferenceHost(packet, at)
    else at.receive(packet)
  }

  /** The last step of an answer: down the ground link, or within the satellite that carries the model. */
  #handToInferenceHost(packet: Packet, from: LinkedSatellite): void {
    const deliver = (): void => {
      if (!this.#transport.send(this.#places.inferenceHostId, packet, ground)) from.counters.dropped += 1
    }
    if (packet.flags & PacketFlag.ground) {
      this.#delayLine.traverse(packet, this.network.groundLightTimeUs(from.position, packet.epoch), deliver)
    } else {
      deliver()
    }
  }

  /** Tell the origin of a request that it cannot arrive; answers and one-way packets are just dropped. */
  #refuse(packet: Packet, at: LinkedSatellite): void {
    at.counters.dropped += 1
    if (packet.requestId === 0 || packet.flags & PacketFlag.answer) return
    this.inject(answerTo(packet, PacketKind.unreachable, this.network.maxHops, []), at)
  }
}
