import type { LabTopology } from '#shared/contract/agent-control'
import { PacketKind, type Packet } from '#shared/protocol/packet'
import { createLog } from '../log'
import { helloPacket } from '../transport/handshake'
import { TcpTransport } from '../transport/tcp-transport'
import { plainWire, type Wire } from '../transport/wire'

export interface TestHost {
  readonly transport: TcpTransport
  readonly received: Packet[]
  /** What it logged. */
  readonly lines: string[]
  /** Waits for `+peer` (connected), `-peer` (lost), `packet` or `log`, unless it has happened already. */
  until(event: string): Promise<void>
}

/** The connections of a host, without anything behind them. */
export function testHost(hostId: string, wire: Wire = plainWire): TestHost {
  const waiting: { wants: string; resolve: () => void }[] = []
  const events: string[] = []
  const lines: string[] = []
  const received: Packet[] = []
  const note = (event: string): void => {
    events.push(event)
    for (const one of waiting) if (one.wants === event) one.resolve()
  }
  const transport = new TcpTransport(
    hostId,
    {
      onArrival: ({ packet }) => {
        received.push(packet)
        note('packet')
      },
      openBody: () => null,
      onPeerConnected: (peer) => note(`+${peer}`),
      onPeerLost: (peer) => note(`-${peer}`),
    },
    createLog((line) => {
      lines.push(line)
      note('log')
    }),
    wire,
  )
  const until = (event: string): Promise<void> =>
    events.includes(event)
      ? Promise.resolve()
      : new Promise((resolve) => waiting.push({ wants: event, resolve }))
  return { transport, received, lines, until }
}

/** nuc1, nuc2 ... on these ports of this machine. */
export function topologyOf(ports: readonly number[], token = 'the token of this lab'): LabTopology {
  return {
    slots: 3,
    planes: ports.length,
    inferenceHostId: 'jetson',
    token,
    peers: ports.map((port, p) => ({ hostId: `nuc${p + 1}`, address: '127.0.0.1', port, planes: [p] })),
  }
}

/** A packet that is told from others by its number. */
export function packetOf(requestId: number, body: readonly Uint8Array[] = []): Packet {
  return { ...helloPacket('x', 'y'), kind: PacketKind.get, requestId, body }
}
