import type { Position } from '../constellation/torus'

/** What a packet carries or asks for. The numbers are on the wire: never reuse one. */
export const PacketKind = {
  hello: 1,
  get: 2,
  chunks: 3,
  set: 4,
  acknowledge: 5,
  lookup: 6,
  manifests: 7,
  putManifest: 8,
  purge: 9,
  rotate: 10,
  rotated: 11,
  migrateChunks: 12,
  migrateManifest: 13,
  unreachable: 14,
  /** A sign of life between two hosts; no satellite sees it. */
  heartbeat: 15,
} as const
export type PacketKind = (typeof PacketKind)[keyof typeof PacketKind]

export const PacketFlag = {
  /** The origin is on the ground: an answer leaves its last satellite over the ground link. */
  ground: 1,
  /** Every satellite on the way adds itself to `route`. */
  recordRoute: 2,
  /** The packet is an answer: at its destination it is handed to the inference host, or to the satellite that asked. */
  answer: 4,
  /** The origin is a satellite that asked for itself, not for the inference host. */
  satellite: 8,
} as const

export interface RouteStep extends Position {
  /** Light time collected when the packet arrived here, in µs. */
  readonly propagationUs: number
}

/**
 * One packet of the satellite network. Forwarding changes the counters in place;
 * the body is passed on untouched, as the parts it was built from (no copy on the way out).
 */
export interface Packet {
  readonly kind: PacketKind
  readonly flags: number
  /** Forwards that are left. */
  ttl: number
  /** Links traversed so far, one way. */
  hops: number
  /** In an answer: the hops of the request that it answers. */
  requestHops: number
  /** Chosen by the origin to match answers; 0 where none is expected. */
  readonly requestId: number
  /** Where the packet entered the network: the satellite to which an answer returns. */
  readonly origin: Position
  readonly destination: Position
  /** The sender's epoch. */
  readonly epoch: number
  /** Light time over the links so far in µs; an answer starts with that of its request. */
  propagationUs: number
  /** In `real` delay mode: what the links so far should have taken, and what they took, in µs. */
  demandedUs: number
  achievedUs: number
  route: RouteStep[]
  readonly body: readonly Uint8Array[]
}

export function bodyBytes(packet: Packet): number {
  let bytes = 0
  for (const part of packet.body) bytes += part.byteLength
  return bytes
}

/** The answer to a request: back to where it entered, with the light time and the route of the way here. */
export function answerTo(
  request: Packet,
  kind: PacketKind,
  ttl: number,
  body: readonly Uint8Array[],
): Packet {
  return {
    kind,
    flags: (request.flags & (PacketFlag.ground | PacketFlag.satellite)) | PacketFlag.answer,
    ttl,
    hops: 0,
    requestHops: request.hops,
    requestId: request.requestId,
    origin: request.destination,
    destination: request.origin,
    epoch: request.epoch,
    propagationUs: request.propagationUs,
    demandedUs: request.demandedUs,
    achievedUs: request.achievedUs,
    route: request.route,
    body,
  }
}
