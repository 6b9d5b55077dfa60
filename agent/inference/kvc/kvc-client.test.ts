import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { samePosition } from '#shared/constellation/torus'
import type { ParameterValues } from '#shared/experiment/parameters'
import { PacketKind } from '#shared/protocol/packet'
import { memoryNetwork, type MemoryNetwork } from '../../testing/memory-network'
import { blockKey } from '../../satellite/chunk-store'

const small: Partial<ParameterValues> = {
  slots: 9,
  planes: 5,
  centre_slot: 4,
  centre_plane: 2,
  servers: 9,
  block_tokens: 1,
  kvc_bytes_per_token: 2_000,
  chunk_bytes: 100,
}
const block = () => ({ hash: randomBytes(32), bytes: randomBytes(2_000) })
type Block = ReturnType<typeof block>

const store = (net: MemoryNetwork, blocks: Block[]) =>
  net.kvc.store(blocks.map(({ hash, bytes }) => ({ hash, bytes: () => Promise.resolve(bytes) })))

async function read(net: MemoryNetwork, blocks: Block[]) {
  const hashes = blocks.map(({ hash }) => hash)
  const { manifests } = await net.kvc.lookup(hashes)
  return net.kvc.fetch(hashes.slice(0, manifests.length), manifests)
}
const purged = (net: MemoryNetwork) =>
  net.all().reduce((sum, satellite) => sum + satellite.counters.purgedBlocks, 0)

describe('the KVC protocol, over satellites in memory', () => {
  test('what is stored is found, byte for byte, on exactly its servers', async () => {
    const net = memoryNetwork(small)
    const blocks = [block(), block(), block()]
    expect(await store(net, blocks)).toMatchObject({ visible: 3, bytesWritten: 6_000 })
    const { blocks: found, stats, receivedBytes } = await read(net, blocks)
    expect(found.map((bytes) => Buffer.from(bytes))).toEqual(blocks.map(({ bytes }) => bytes))
    expect(stats).toMatchObject({ chunksFetched: 60, bytesRead: 6_000, hopsHistogram: [0, 60] })
    expect(receivedBytes).toEqual([2_000, 2_000, 2_000])
    const servers = net.network.servers(0)
    for (const satellite of net.all()) {
      const server = servers.findIndex((at) => samePosition(at, satellite.position))
      // 20 chunks on 9 servers: 3 on the first two, 2 on the others, of each of the 3 blocks.
      expect(satellite.store.chunkCount).toBe(server === -1 ? 0 : server < 2 ? 9 : 6)
    }
  })

  test('only a prefix without a gap counts', async () => {
    for (const lookup of ['batch', 'binary_search'] as const) {
      const net = memoryNetwork({ ...small, lookup })
      const blocks = [block(), block(), block(), block()]
      await store(net, [blocks[0], blocks[1], blocks[3]] as Block[])
      expect((await net.kvc.lookup(blocks.map(({ hash }) => hash))).manifests).toHaveLength(2)
    }
  })

  test('a missing chunk makes its block, and what follows, a miss, and the rest of it is purged', async () => {
    const net = memoryNetwork(small)
    const blocks = [block(), block(), block()] as [Block, Block, Block]
    await store(net, blocks)
    const [server] = net.network.servers(0).slice(4)
    net.satellite(server ?? { slot: 0, plane: 0 }).store.removeChunk(blockKey(blocks[1].hash), 4)
    const { blocks: found } = await read(net, blocks)
    expect(found).toHaveLength(1)
    await new Promise(setImmediate)
    expect(purged(net)).toBe(1)
    for (const satellite of net.all()) {
      expect([...satellite.store.blocks()].map((one) => one.key)).not.toContain(blockKey(blocks[1].hash))
    }
    expect((await net.kvc.lookup(blocks.map(({ hash }) => hash))).manifests).toHaveLength(1)
  })

  test('a corrupt chunk is never handed out', async () => {
    const net = memoryNetwork(small)
    const one = block()
    await store(net, [one])
    const server = net.network.servers(0)[7] ?? { slot: 0, plane: 0 }
    const chunk = net.satellite(server).store.getChunk(blockKey(one.hash), 7)
    if (chunk !== null) chunk[50] = (chunk[50] ?? 0) ^ 1
    expect((await read(net, [one])).blocks).toEqual([])
    await new Promise(setImmediate)
    expect(purged(net)).toBe(1)
  })

  test('a block becomes visible only once all its chunks are stored', async () => {
    const net = memoryNetwork(small)
    const one = block()
    const sets: (() => void)[] = []
    const server = net.network.servers(0)[3] ?? { slot: 0, plane: 0 }
    const target = net.satellite(server)
    const receive = target.receive.bind(target)
    target.receive = (packet) =>
      packet.kind === PacketKind.set ? sets.push(() => receive(packet)) : receive(packet)
    const stored = store(net, [one])
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(sets).toHaveLength(1)
    expect((await net.kvc.lookup([one.hash])).manifests).toEqual([])
    for (const set of sets) set()
    expect((await stored).visible).toBe(1)
    expect((await net.kvc.lookup([one.hash])).manifests).toHaveLength(1)
  })

  test.each([
    ['gossip', 1],
    ['lazy', 0],
  ] as const)('eviction with %s: %i blocks are purged before anyone reads', async (eviction, expected) => {
    // Each of the 9 servers has room for one block's share: 3 chunks of 100 B at most.
    const net = memoryNetwork({ ...small, eviction, satellite_bytes: 300 })
    const [first, second] = [block(), block()]
    await store(net, [first])
    await store(net, [second])
    await new Promise(setImmediate)
    expect(net.all().some((satellite) => satellite.counters.evictions > 0)).toBe(true)
    expect(purged(net)).toBe(expected)
    expect((await read(net, [first])).blocks).toEqual([])
    await new Promise(setImmediate)
    // The reader that finds a block damaged purges it in either mode.
    expect(purged(net)).toBe(1)
    expect(net.all().every((satellite) => satellite.store.bytes <= 300)).toBe(true)
  })

  test('a rotation moves the leaving column, and everything is still found', async () => {
    const net = memoryNetwork({ ...small, strategy: 'hop_rotation' })
    const blocks = [block(), block()]
    await store(net, blocks)
    for (let rotation = 1; rotation <= 20; rotation++) {
      const { chunks, bytes } = await net.kvc.rotate()
      expect(chunks).toBeGreaterThan(0)
      expect(bytes).toBe(chunks * 100)
      const places = net.all().filter((satellite) => satellite.store.chunkCount > 0)
      expect(places).toHaveLength(9)
      for (const { position } of places) {
        expect(net.network.servers(rotation).some((at) => samePosition(at, position))).toBe(true)
      }
      expect((await read(net, blocks)).blocks).toHaveLength(2)
    }
    expect(purged(net)).toBe(0)
  })

  test('a satellite in which a block has no room refuses it, and it stays invisible', async () => {
    const net = memoryNetwork({ ...small, satellite_bytes: 150 })
    const one = block()
    expect((await store(net, [one])).visible).toBe(0)
    expect((await net.kvc.lookup([one.hash])).manifests).toEqual([])
  })

  test('an unreachable server is a miss, and says so at once', async () => {
    const net = memoryNetwork(small)
    const one = block()
    await store(net, [one])
    const server = net.network.servers(0)[5] ?? { slot: 0, plane: 0 }
    net.network.setFailures({ satellites: [server], links: [] })
    expect((await read(net, [one])).blocks).toEqual([])
  })

  test('every link takes one from the time to live; a packet that has none left is refused', async () => {
    const net = memoryNetwork({ ...small, strategy: 'hop', servers: 45 })
    const centre = net.network.centre(0)
    const destination = net.network.servers(0)[44] ?? centre
    const ttls: number[] = []
    net.onPacket = (packet) => {
      if (packet.kind === PacketKind.lookup) ttls.push(packet.ttl + packet.hops)
      return true
    }
    const request = { kind: PacketKind.lookup, destination, epoch: 0, body: [new Uint8Array(2)] }
    await net.station.request(request)
    expect(ttls.length).toBeGreaterThan(1)
    expect(new Set(ttls)).toEqual(new Set([net.network.maxHops]))
    net.onPacket = (packet) => {
      if (packet.kind === PacketKind.lookup && packet.hops === 0) packet.ttl = 1
      return true
    }
    await expect(net.station.request(request)).rejects.toMatchObject({ code: 'unreachable' })
  })

  test('routes are the way that the packets went', async () => {
    const net = memoryNetwork({ ...small, servers: 25, link_delay: 'virtual' })
    const one = block()
    await store(net, [one])
    const { manifests } = await net.kvc.lookup([one.hash])
    const { stats } = await net.kvc.fetch([one.hash], manifests, { recordRoutes: true })
    expect(stats.routes.length).toBeGreaterThan(9)
    for (const { server, steps } of stats.routes) {
      expect(steps.at(-1)).toMatchObject(net.network.servers(0)[server] ?? {})
      for (const [i, step] of steps.entries()) {
        if (i > 0) expect(step.propagationMs).toBeGreaterThan(steps[i - 1]?.propagationMs ?? Infinity)
      }
    }
    const hops = stats.routes.map((route) => route.steps.length)
    expect(Math.max(...hops)).toBe(stats.hopsHistogram.length - 1)
  })
})
