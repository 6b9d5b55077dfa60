import type { Arrival } from '#shared/protocol/frame'
import type { BodySink } from '#shared/protocol/frame-decoder'
import type { Packet } from '#shared/protocol/packet'
import type { Position } from '#shared/constellation/torus'

/** What a host needs of the connections to its peers, whatever their wire is. */
export interface Transport {
  /** Hand a packet to a peer host, to arrive at the satellite `at` (or on the ground). False: no connection, or its queue is full. */
  send(hostId: string, packet: Packet, at: Position): boolean
  isConnected(hostId: string): boolean
  connectedPeers(): string[]
}

export interface TransportListener {
  onArrival(arrival: Arrival, fromHostId: string): void
  /** May take an arriving body piece by piece; it then arrives with an empty one. */
  openBody(arrival: Arrival): BodySink | null
  onPeerConnected(hostId: string): void
  onPeerLost(hostId: string): void
}
