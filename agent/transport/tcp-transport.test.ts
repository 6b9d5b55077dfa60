import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { packetOf, testHost, topologyOf, type TestHost } from '../testing/test-host'
import { createLog } from '../log'
import { RepeatedLines } from './repeated-lines'
import type { TcpTransport } from './tcp-transport'
import { plainWire, type Wire } from './wire'

const open: TcpTransport[] = []
afterEach(() => {
  for (const transport of open.splice(0)) transport.close()
})

function host(hostId: string, wire?: Wire): TestHost {
  const made = testHost(hostId, wire)
  open.push(made.transport)
  return made
}

async function pair(token?: string) {
  const [a, b] = [host('nuc1'), host('nuc2')]
  const ports = [await a.transport.listen('127.0.0.1', 0), await b.transport.listen('127.0.0.1', 0)]
  b.transport.configure(topologyOf(ports))
  a.transport.configure(topologyOf(ports, token))
  return { a, b, ports }
}

describe('TCP between hosts', () => {
  test('two hosts that know each other share one connection, both ways', async () => {
    const { a, b } = await pair()
    await Promise.all([a.until('+nuc2'), b.until('+nuc1')])
    expect(a.transport.send('nuc2', packetOf(1), { slot: 0, plane: 1 })).toBe(true)
    expect(b.transport.send('nuc1', packetOf(2), { slot: 0, plane: 0 })).toBe(true)
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
    expect(a.transport.send('nuc2', packetOf(1), { slot: 0, plane: 1 })).toBe(false)
    const again = host('nuc2')
    await again.transport.listen('127.0.0.1', ports[1] ?? 0)
    again.transport.configure(topologyOf(ports))
    await again.until('+nuc1')
  })

  test('a peer that falls silent is lost, though its connection is not closed', async () => {
    const wire = { ...plainWire, silenceLimitMs: 1_000 }
    const [a, b] = [host('nuc1', wire), host('nuc2', wire)]
    const cable = await aCable(await b.transport.listen('127.0.0.1', 0))
    b.transport.configure(topologyOf([9, cable.port]))
    a.transport.configure(topologyOf([9, cable.port]))
    await Promise.all([a.until('+nuc2'), b.until('+nuc1')])
    // Nothing is sent, but they hear of each other.
    await new Promise((resolve) => setTimeout(resolve, 3_500))
    expect(a.transport.connectedPeers()).toEqual(['nuc2'])
    expect([a.received, b.received]).toEqual([[], []])
    cable.cut()
    await Promise.all([a.until('-nuc2'), b.until('-nuc1')])
    expect(a.lines.join()).toContain('connection to nuc2 closed: nothing was heard for 1 s')
    cable.close()
  })
})

/** Passes bytes on between a host and its peer, until it is cut: then they are lost, and nobody hears of it. */
async function aCable(target: number) {
  const sockets: Socket[] = []
  let whole = true
  const server = createServer((one) => {
    const other = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      sockets.push(from)
      from.on('data', (bytes) => whole && to.write(bytes))
      from.on('error', () => undefined)
      from.once('close', () => whole && to.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut: () => void (whole = false),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

describe('repeated lines of a log', () => {
  test('are said once a minute, with how often they were', () => {
    let now = 0
    const lines: string[] = []
    const repeated = new RepeatedLines(
      createLog((line) => lines.push((JSON.parse(line) as { text: string }).text)),
      () => now,
    )
    for (now = 0; now < 61_000; now += 1_000) repeated.warn('no')
    repeated.warn('other')
    expect(lines).toEqual(['no', 'no (and 59 times before)', 'other'])
    for (let i = 0; i < 5_000; i++) repeated.warn(`caller ${i}`)
    expect(lines).toHaveLength(5_003)
  })
})
