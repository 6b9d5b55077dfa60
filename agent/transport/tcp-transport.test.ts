import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { LabTopology } from '#shared/contract/agent-control'
import { PacketKind, type Packet } from '#shared/protocol/packet'
import { createLog } from '../log'
import { helloPacket } from './handshake'
import { TcpTransport } from './tcp-transport'

const open: TcpTransport[] = []
afterEach(() => {
  for (const transport of open.splice(0)) transport.close()
})

function host(hostId: string) {
  const waiting: { wants: (event: string) => boolean; resolve: () => void }[] = []
  const events: string[] = []
  const lines: string[] = []
  const received: Packet[] = []
  const note = (event: string): void => {
    events.push(event)
    for (const one of waiting.filter(({ wants }) => wants(event))) one.resolve()
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
  )
  open.push(transport)
  const until = (event: string): Promise<void> =>
    events.includes(event)
      ? Promise.resolve()
      : new Promise((resolve) => waiting.push({ wants: (one) => one === event, resolve }))
  return { transport, received, lines, until }
}

const topologyOf = (ports: readonly number[], token = 'the token of this lab'): LabTopology => ({
  slots: 3,
  planes: ports.length,
  inferenceHostId: 'jetson',
  token,
  peers: ports.map((port, p) => ({ hostId: `nuc${p + 1}`, address: '127.0.0.1', port, planes: [p] })),
})

async function pair(token?: string) {
  const [a, b] = [host('nuc1'), host('nuc2')]
  const ports = [await a.transport.listen('127.0.0.1', 0), await b.transport.listen('127.0.0.1', 0)]
  b.transport.configure(topologyOf(ports))
  a.transport.configure(topologyOf(ports, token))
  return { a, b, ports }
}

const packet = (requestId: number): Packet => ({ ...helloPacket('x', 'y'), kind: PacketKind.get, requestId })

describe('TCP between hosts', () => {
  test('two hosts that know each other share one connection, both ways', async () => {
    const { a, b } = await pair()
    await Promise.all([a.until('+nuc2'), b.until('+nuc1')])
    expect(a.transport.send('nuc2', packet(1), { slot: 0, plane: 1 })).toBe(true)
    expect(b.transport.send('nuc1', packet(2), { slot: 0, plane: 0 })).toBe(true)
    await Promise.all([a.until('packet'), b.until('packet')])
    expect(b.received.map((one) => one.requestId)).toEqual([1])
    expect(a.received.map((one) => one.requestId)).toEqual([2])
  })

  test('a caller with the wrong token is turned away, and the log says so', async () => {
    const { a, b } = await pair('some other token altogether')
    await b.until('log')
    expect(b.lines.join()).toContain('not told about')
    expect(a.transport.connectedPeers()).toEqual([])
  })

  test('a stranger who sends garbage is cut off', async () => {
    const { b, ports } = await pair()
    const socket = connect(ports[1] ?? 0, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(Buffer.alloc(200, 0xff))
    await once(socket, 'close')
    expect(b.lines.join()).toContain('not packets')
  })

  test('a lost peer is reported, and dialled again', async () => {
    const { a, b, ports } = await pair()
    await a.until('+nuc2')
    b.transport.close()
    await a.until('-nuc2')
    expect(a.transport.send('nuc2', packet(1), { slot: 0, plane: 1 })).toBe(false)
    const again = host('nuc2')
    await again.transport.listen('127.0.0.1', ports[1] ?? 0)
    again.transport.configure(topologyOf(ports))
    await again.until('+nuc1')
  })
})
