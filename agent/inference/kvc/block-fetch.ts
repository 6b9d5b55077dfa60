import type { Route } from '#shared/experiment/records'
import { chunksOfServer } from '#shared/kvc/chunks'
import type { Manifest } from '#shared/kvc/manifest'
import { contiguousPrefix } from '#shared/kvc/prefix'
import { ChunkSetReader } from '#shared/protocol/chunk-set-reader'
import { encodeGet } from '#shared/protocol/messages'
import { PacketKind, type Packet } from '#shared/protocol/packet'
import { BlockAssembly } from './block-assembly'
import { hasChecksum } from './block-checksum'
import { packetBytes, type BlockShape } from '#shared/kvc/block-shape'
import type { FlightWindow } from './flight-window'
import { OperationClock, type Timing } from './operation-clock'
import type { OrbitingServers } from './orbiting-servers'

/** What a fetch has seen; counted from the packets that came back. */
export interface FetchStats {
  chunksFetched: number
  bytesRead: number
  readonly hopsHistogram: number[]
  /** Light time of the slowest chunk's path, there and back; null while link delays are off, or when no chunk came. */
  propagationMs: number | null
  readonly routes: Route[]
}

export interface FetchResult {
  /** Whole, checked blocks from the first on; the first bad one ends them. */
  readonly blocks: readonly Uint8Array[]
  /** Blocks that were not whole, and are purged. */
  readonly purged: readonly number[]
  /** Chunk bytes that were received for each block: counted apart, to show that no half block is served. */
  readonly receivedBytes: readonly number[]
  readonly stats: FetchStats
  /** Null when no chunk came. */
  readonly timing: Timing | null
}

export interface FetchOptions {
  /** Record the ways of the first block's requests. */
  readonly recordRoutes?: boolean
  /** Where to put block i, of the shape's length; allocated when absent. */
  readonly into?: readonly Uint8Array[]
}

/** Fetches whole blocks in parallel. A block with a missing or corrupt chunk is purged, and ends the result. */
export async function fetchBlocks(
  servers: OrbitingServers,
  shape: BlockShape,
  window: FlightWindow,
  hashes: readonly Uint8Array[],
  manifests: readonly Manifest[],
  options: FetchOptions,
): Promise<FetchResult> {
  const fetch = new BlockFetch(servers, shape, window)
  const fetched = await Promise.all(
    hashes.map((hash, i) => {
      const target = options.into?.[i] ?? Buffer.allocUnsafeSlow(shape.byteLength)
      const recordRoutes = (options.recordRoutes ?? false) && i === 0
      return fetch.block(hash, manifests[i] as Manifest, target, recordRoutes)
    }),
  )
  const good = contiguousPrefix(fetched.map((block) => block.whole))
  return {
    blocks: fetched.slice(0, good).map((block) => block.bytes),
    purged: fetched.flatMap((block, i) => (block.whole ? [] : [i])),
    receivedBytes: fetched.map((block) => block.receivedBytes),
    stats: fetch.stats,
    timing: fetch.clock.timing(),
  }
}

interface FetchedBlock {
  readonly bytes: Uint8Array
  readonly receivedBytes: number
  readonly whole: boolean
}

class BlockFetch {
  readonly clock: OperationClock
  readonly stats: FetchStats = {
    chunksFetched: 0,
    bytesRead: 0,
    hopsHistogram: [],
    propagationMs: null,
    routes: [],
  }
  readonly #servers: OrbitingServers
  readonly #shape: BlockShape
  readonly #window: FlightWindow

  constructor(servers: OrbitingServers, shape: BlockShape, window: FlightWindow) {
    this.#servers = servers
    this.#shape = shape
    this.#window = window
    this.clock = new OperationClock(servers.network.parameters.link_delay === 'virtual')
  }

  async block(
    hash: Uint8Array,
    manifest: Manifest,
    bytes: Uint8Array,
    recordRoutes: boolean,
  ): Promise<FetchedBlock> {
    const count = this.#servers.network.parameters.servers
    const assembly = new BlockAssembly(bytes, this.#shape.chunkBytes)
    const perPacket = Math.max(1, Math.floor(packetBytes / this.#shape.chunkBytes))
    const parts: Promise<boolean>[] = []
    for (let server = 0; server < Math.min(count, manifest.chunkCount); server++) {
      const chunks = chunksOfServer(server, count, manifest.chunkCount)
      for (let start = 0; start < chunks.length; start += perPacket) {
        const indices = chunks.slice(start, start + perPacket)
        const record = recordRoutes && start === 0
        const size = indices.length * this.#shape.chunkBytes
        parts.push(this.#window.run(size, () => this.#chunks(hash, server, indices, assembly, record)))
      }
    }
    const complete = (await Promise.all(parts)).every((part) => part)
    const whole = complete && hasChecksum(hash, bytes, manifest.checksum)
    if (!whole) this.#servers.purge(hash)
    return { bytes, receivedBytes: assembly.receivedBytes, whole }
  }

  /** Chunks of one server, from its old place too while a rotation runs. True when all of them arrived. */
  async #chunks(
    hash: Uint8Array,
    server: number,
    indices: readonly number[],
    assembly: BlockAssembly,
    recordRoute: boolean,
  ): Promise<boolean> {
    let wanted = indices
    for (const place of this.#servers.places(server)) {
      const body = encodeGet({ hash, indices: wanted })
      const sink = new ChunkSetReader((index, offset, bytes) => assembly.write(index, offset, bytes))
      this.clock.sent()
      const answer = await this.#servers.ask({ kind: PacketKind.get, ...place, body, recordRoute, sink })
      if (answer === null) continue
      const arrived = wanted.filter((index) => assembly.isComplete(index))
      if (arrived.length > 0) this.#record(answer, server, arrived, assembly)
      this.clock.answered(answer)
      if (arrived.length === wanted.length) return true
      wanted = wanted.filter((index) => !assembly.isComplete(index))
    }
    return false
  }

  #record(answer: Packet, server: number, arrived: readonly number[], assembly: BlockAssembly): void {
    const { stats } = this
    stats.chunksFetched += arrived.length
    for (const index of arrived) stats.bytesRead += assembly.chunkLength(index)
    while (stats.hopsHistogram.length <= answer.requestHops) stats.hopsHistogram.push(0)
    stats.hopsHistogram[answer.requestHops] = (stats.hopsHistogram[answer.requestHops] ?? 0) + arrived.length
    if (this.#servers.network.parameters.link_delay !== 'off') {
      stats.propagationMs = Math.max(stats.propagationMs ?? 0, answer.propagationUs / 1000)
    }
    if (answer.route.length > 0) stats.routes.push(routeOf(answer, server))
  }
}

function routeOf(answer: Packet, server: number): Route {
  const steps = answer.route.map(({ slot, plane, propagationUs }) => ({
    slot,
    plane,
    propagationMs: propagationUs / 1000,
  }))
  return { server, steps }
}
