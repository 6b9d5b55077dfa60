import type { Position } from '#shared/constellation/torus'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { isGround, type Arrival } from '#shared/protocol/frame'
import { bodyBytes, type Packet } from '#shared/protocol/packet'
import { GroundStation } from '../inference/kvc/ground-station'
import { KvcClient } from '../inference/kvc/kvc-client'
import { DelayLine } from '../network/delay-line'
import { TrialNetwork } from '#shared/network/trial-network'
import { Fabric } from '../satellite/fabric'
import { Satellite } from '../satellite/satellite'
import type { Transport } from '../transport/transport'

const inferenceHost = 'jetson'
const hostOfPlane = (plane: number): string => `nuc${plane + 1}`

/** A whole constellation in this process: the real satellites, links and client, with connections that are function calls. */
export interface MemoryNetwork {
  readonly network: TrialNetwork
  readonly kvc: KvcClient
  readonly station: GroundStation
  satellite(at: Position): Satellite
  all(): Satellite[]
  /** Called for every packet between two hosts; answering false loses it. */
  onPacket: (packet: Packet, toHostId: string) => boolean
}

export function memoryNetwork(changes: Partial<ParameterValues>): MemoryNetwork {
  const parameters = { ...defaultParameters, ...changes }
  const network = new TrialNetwork(parameters, { satellites: [], links: [] }, [])
  const delayLine = new DelayLine()
  delayLine.reset(parameters.link_delay)
  const receivers = new Map<string, (arrival: Arrival) => void>()
  const satellites = new Map<string, Satellite>()

  const result: MemoryNetwork = {
    network,
    station: null as unknown as GroundStation,
    kvc: null as unknown as KvcClient,
    satellite: ({ slot, plane }) => satellites.get(`${slot},${plane}`) as Satellite,
    all: () => [...satellites.values()],
    onPacket: () => true,
  }
  const transport: Transport = {
    send: (hostId, packet, at) => {
      if (result.onPacket(packet, hostId))
        queueMicrotask(() => receivers.get(hostId)?.({ packet: oneBody(packet), at }))
      return true
    },
    isConnected: () => true,
    connectedPeers: () => [...receivers.keys()],
  }
  for (let plane = 0; plane < parameters.planes; plane++) {
    const ownHostId = hostOfPlane(plane)
    const fabric = new Fabric(
      { hostOfPlane, ownHostId, inferenceHostId: inferenceHost },
      transport,
      delayLine,
      network,
    )
    receivers.set(ownHostId, ({ packet, at }) => fabric.arrive(packet, at))
    for (let slot = 0; slot < parameters.slots; slot++) {
      const options = {
        position: { slot, plane },
        budgetBytes: parameters.satellite_bytes,
        eviction: parameters.eviction,
      }
      const satellite = new Satellite(options, network, fabric)
      fabric.add(satellite)
      satellites.set(`${slot},${plane}`, satellite)
    }
  }
  const station = new GroundStation(transport, delayLine, network, hostOfPlane)
  receivers.set(inferenceHost, (arrival) => {
    if (!isGround(arrival.at)) return
    const sink = station.openBody(arrival)
    for (const part of sink === null ? [] : arrival.packet.body) sink?.write(part)
    station.arrive(arrival)
  })
  return Object.assign(result, { station, kvc: new KvcClient(station, parameters) })
}

/** A connection hands a body over as one piece of memory of its own. */
function oneBody(packet: Packet): Packet {
  const body = new Uint8Array(bodyBytes(packet))
  let offset = 0
  for (const part of packet.body) {
    body.set(part, offset)
    offset += part.byteLength
  }
  return { ...packet, route: [...packet.route], body: [body] }
}
