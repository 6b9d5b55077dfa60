import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { PacketKind, type Packet } from '#shared/protocol/packet'
import type { LabTopology } from '#shared/contract/agent-control'
import type { ProvenNames } from './wire'

const helloBody = z.object({ hostId: z.string(), token: z.string() })
const nowhere = { slot: 0, plane: 0 }

/** The first packet on a new connection: who is calling, and the lab's token. */
export function helloPacket(hostId: string, token: string): Packet {
  return hostPacket(PacketKind.hello, [Buffer.from(JSON.stringify({ hostId, token }))])
}

/** Says that this host is there. */
export function heartbeatPacket(): Packet {
  return hostPacket(PacketKind.heartbeat, [])
}

/** A packet from one host to another, which no satellite sees. */
function hostPacket(kind: PacketKind, body: readonly Uint8Array[]): Packet {
  return {
    kind,
    flags: 0,
    ttl: 0,
    hops: 0,
    requestHops: 0,
    requestId: 0,
    origin: nowhere,
    destination: nowhere,
    epoch: 0,
    propagationUs: 0,
    demandedUs: 0,
    achievedUs: 0,
    route: [],
    body,
  }
}

/**
 * The caller's host id when the lab knows it, its certificate names it and the token is right; otherwise null.
 * @param names whom the caller's certificate names; null where there is none
 */
export function acceptHello(packet: Packet, topology: LabTopology, names: ProvenNames): string | null {
  if (packet.kind !== PacketKind.hello) return null
  const hello = helloBody.safeParse(parseJson(Buffer.concat(packet.body).toString('utf8')))
  if (!hello.success) return null
  const known =
    hello.data.hostId === topology.inferenceHostId ||
    topology.peers.some((peer) => peer.hostId === hello.data.hostId)
  if (names !== null && !names.includes(hello.data.hostId)) return null
  return known && equalSecrets(hello.data.token, topology.token) ? hello.data.hostId : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function equalSecrets(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
