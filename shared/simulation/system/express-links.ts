import { samePosition, satelliteIndex, type Position } from '../../constellation/torus'
import type { TrialNetwork } from '../../network/trial-network'
import type { Route } from '../../experiment/records'
import type { EventQueue } from './event-queue'
import type { OrbitView } from './orbit-view'
import { fromHost, type Links, type Packet, type Way } from './packet'
import { add, type SatelliteCounts } from './satellite-counts'

/** A way with the satellites that forward packets on it, and how many have gone and come since the last `settle`. */
interface CountedWay extends Way {
  readonly forwardersOut: Int32Array
  readonly forwardersBack: Int32Array
  gone: number
  come: number
  /** No longer looked up: answers that are under way on it are counted at once. */
  retired: boolean
  readonly out: Lane
  readonly back: Lane
}

/** One direction of a way. Packets that leave at the same moment follow each other, and arrive as one occurrence. */
interface Lane {
  /** The packet that left last, and when. */
  last: Packet | null
  leftMs: number
}

/**
 * Links on which nothing queues and nothing fails: a packet's whole way is one event. A packet that needs no time arrives
 * in order behind the others of its moment; between satellites, which then are as one process, it arrives at once.
 */
export class ExpressLinks implements Links {
  readonly #queue: EventQueue
  readonly #network: TrialNetwork
  readonly #orbit: OrbitView
  readonly #counts: SatelliteCounts
  readonly #timed: boolean
  /** Ways from the host, by phase of the epoch and satellite: as they are in the first period. */
  readonly #templates = new Map<number, CountedWay>()
  /** Ways of the present placement, by epoch and destination. */
  readonly #fromHost = new Map<number, CountedWay>()
  /** By origin and destination. */
  readonly #between = new Map<number, CountedWay>()

  /** @param timed whether links take their light time */
  constructor(
    queue: EventQueue,
    network: TrialNetwork,
    orbit: OrbitView,
    counts: SatelliteCounts,
    timed: boolean,
  ) {
    this.#queue = queue
    this.#network = network
    this.#orbit = orbit
    this.#counts = counts
    this.#timed = timed
  }

  send(packet: Packet): void {
    if (packet.origin === fromHost) {
      const way = this.#wayFromHost(packet.destination, packet.epoch)
      packet.way = way
      packet.hops = way.hops
      packet.lightMs = way.outMs
      way.gone += 1
      if (way.outMs === 0) this.#queue.soon(packet)
      else this.#leave(way.out, packet, way.outMs)
    } else {
      const way = this.#wayBetween(packet.origin, packet.destination)
      packet.way = way
      packet.lightMs = way.outMs
      way.gone += 1
      if (way.outMs === 0) packet.cargo.arrive(packet)
      else this.#leave(way.out, packet, way.outMs)
    }
  }

  answer(packet: Packet): void {
    packet.state = 'back'
    const way = packet.way as CountedWay
    if (way.retired) this.#forwarded(way.forwardersBack, 1)
    else way.come += 1
    packet.lightMs += way.backMs
    if (way.backMs > 0) this.#leave(way.back, packet, way.backMs)
    else if (packet.origin === fromHost) this.#queue.soon(packet)
    else packet.cargo.returned(packet)
  }

  /** Let a packet follow those that left at this moment, or be the first one. */
  #leave(lane: Lane, packet: Packet, travelMs: number): void {
    const { nowMs } = this.#queue
    if (lane.last !== null && lane.leftMs === nowMs) lane.last.follower = packet
    else this.#queue.at(nowMs + travelMs, packet)
    lane.last = packet
    lane.leftMs = nowMs
  }

  moved(first: Packet): void {
    for (let packet: Packet | null = first; packet !== null;) {
      const { follower }: Packet = packet
      // It may leave again at once, with others.
      packet.follower = null
      if (packet.state === 'out') packet.cargo.arrive(packet)
      else packet.cargo.returned(packet)
      if (follower !== null) this.#queue.alsoHappened(1)
      packet = follower
    }
  }

  routeOf({ destination, epoch }: Packet): Route['steps'] {
    const to = this.#orbit.position(destination)
    const gateway = this.#network.gateway(to, epoch) as Position
    const onBoard = this.#network.modelOnBoard
    const lightMs = this.#timed && !onBoard ? this.#network.groundLightTimeUs(gateway, epoch) / 1000 : 0
    const steps: Route['steps'] = [{ ...gateway, propagationMs: lightMs }]
    for (let at = steps.at(-1) as Route['steps'][number]; !samePosition(at, to);) {
      const next = this.#network.nextHop(at, to) as Position
      const linkMs = this.#timed ? this.#network.linkLightTimeUs(at, next) / 1000 : 0
      at = { ...next, propagationMs: at.propagationMs + linkMs }
      steps.push(at)
    }
    return steps
  }

  changed(): void {
    this.settle()
    for (const ways of [this.#fromHost, this.#between]) {
      for (const way of ways.values()) way.retired = true
      ways.clear()
    }
  }

  settle(): void {
    for (const ways of [this.#fromHost, this.#between]) {
      for (const way of ways.values()) {
        this.#forwarded(way.forwardersOut, way.gone)
        this.#forwarded(way.forwardersBack, way.come)
        way.gone = 0
        way.come = 0
      }
    }
  }

  #forwarded(satellites: Int32Array, packets: number): void {
    if (packets === 0) return
    for (const satellite of satellites) add(this.#counts.forwarded, satellite, packets)
  }

  #wayFromHost(destination: number, epoch: number): CountedWay {
    const key = epoch * this.#satellites + destination
    let way = this.#fromHost.get(key)
    if (way === undefined) {
      way = this.#shift(this.#template(destination, epoch), epoch)
      this.#fromHost.set(key, way)
    }
    return way
  }

  get #satellites(): number {
    const { slots, planes } = this.#orbit.torus
    return slots * planes
  }

  /** The way in the first period whose shift is this one. */
  #template(destination: number, epoch: number): CountedWay {
    const phase = this.#orbit.phase(epoch)
    const inPeriod = this.#orbit.unshifted(destination, epoch)
    const key = phase * this.#satellites + inPeriod
    let way = this.#templates.get(key)
    if (way === undefined) {
      way = this.#findFromHost(this.#orbit.position(inPeriod), phase)
      this.#templates.set(key, way)
    }
    return way
  }

  #shift(way: CountedWay, epoch: number): CountedWay {
    const shift = (satellite: number): number => this.#orbit.shifted(satellite, epoch)
    const forwardersOut = way.forwardersOut.map(shift)
    return { ...way, forwardersOut, forwardersBack: way.forwardersBack.map(shift), ...untravelled() }
  }

  #findFromHost(destination: Position, epoch: number): CountedWay {
    const gateway = this.#network.gateway(destination, epoch)
    if (gateway === null) throw new Error('without failures there is always a way')
    const up = this.#walk(gateway, destination)
    const down = this.#walk(destination, gateway)
    const onBoard = this.#network.modelOnBoard
    const groundMs = this.#timed && !onBoard ? this.#network.groundLightTimeUs(gateway, epoch) / 1000 : 0
    // The satellite of entry forwards what is not for it, but not the answer, which it hands down.
    const entry = samePosition(gateway, destination) ? [] : [satelliteIndex(this.#orbit.torus, gateway)]
    return {
      hops: up.links + (onBoard ? 0 : 1),
      outMs: groundMs + up.lightMs,
      backMs: down.lightMs + groundMs,
      forwardersOut: Int32Array.from([...entry, ...up.passed]),
      forwardersBack: Int32Array.from(down.passed),
      ...untravelled(),
    }
  }

  #wayBetween(from: number, to: number): CountedWay {
    const key = from * this.#satellites + to
    let way = this.#between.get(key)
    if (way === undefined) {
      const out = this.#walk(this.#orbit.position(from), this.#orbit.position(to))
      const back = this.#walk(this.#orbit.position(to), this.#orbit.position(from))
      way = {
        hops: out.links,
        outMs: out.lightMs,
        backMs: back.lightMs,
        forwardersOut: Int32Array.from(out.passed),
        forwardersBack: Int32Array.from(back.passed),
        ...untravelled(),
      }
      this.#between.set(key, way)
    }
    return way
  }

  /** Over ISLs: the satellites between the two ends, and the light time. */
  #walk(from: Position, to: Position): { links: number; lightMs: number; passed: number[] } {
    const passed: number[] = []
    let [links, lightMs] = [0, 0]
    for (let at = from; !samePosition(at, to);) {
      const next = this.#network.nextHop(at, to)
      if (next === null) throw new Error('without failures there is always a way')
      links += 1
      if (this.#timed) lightMs += this.#network.linkLightTimeUs(at, next) / 1000
      if (!samePosition(next, to)) passed.push(satelliteIndex(this.#orbit.torus, next))
      at = next
    }
    return { links, lightMs, passed }
  }
}

/** What a way knows of its traffic before there was any. */
function untravelled(): Pick<CountedWay, 'gone' | 'come' | 'retired' | 'out' | 'back'> {
  const lane = (): Lane => ({ last: null, leftMs: -1 })
  return { gone: 0, come: 0, retired: false, out: lane(), back: lane() }
}
