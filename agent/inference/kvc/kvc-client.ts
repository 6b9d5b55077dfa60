import { setImmediate as nextTurn } from 'node:timers/promises'
import { SkyError } from '#shared/contract/errors'
import type { Route } from '#shared/experiment/records'
import { samePosition, type Position } from '#shared/constellation/torus'
import { chunkCount, chunkRange, chunksOfServer } from '#shared/kvc/chunks'
import { manifestProblem, type Manifest } from '#shared/kvc/manifest'
import { afterProbe, contiguousPrefix, nextProbe, startSearch } from '#shared/kvc/prefix'
import {
  decodeAck,
  decodeManifests,
  decodeRotated,
  encodeChunkSet,
  encodeGet,
  encodeLookup,
  encodeNamedManifest,
  type RotationReport,
} from '#shared/protocol/messages'
import { ChunkSetReader } from '#shared/protocol/chunk-set-reader'
import { PacketKind, type Packet } from '#shared/protocol/packet'
import { groupBySize } from '../../network/group-by-size'
import type { TrialNetwork } from '../../network/trial-network'
import { BlockAssembly, blockChecksum } from './block-assembly'
import { FlightWindow } from './flight-window'
import type { GroundStation } from './ground-station'
import { OperationClock, slowest, type Timing } from './operation-clock'

/** Chunk bytes asked for, or sent, in one packet. */
const packetBytes = 1024 * 1024
/** Blocks of one prompt that are being stored at a time. */
const blocksAtATime = 4
/** Block hashes asked for in one packet. */
const lookupBatch = 1_024

export interface LookupResult {
  readonly manifests: readonly Manifest[]
  readonly timing: Timing
}

/** What a fetch has seen; counted from the packets that came back. */
export interface FetchStats {
  chunksFetched: number
  bytesRead: number
  readonly hopsHistogram: number[]
  /** Light time of the slowest chunk's path, there and back; 0 while link delays are off. */
  propagationMs: number
  readonly routes: Route[]
}

export interface FetchResult {
  /** Whole, checked blocks from the first on; the first bad one ends them. */
  readonly blocks: readonly Uint8Array[]
  /** Chunk bytes that were received for each block: counted apart, to show that no half block is served. */
  readonly receivedBytes: readonly number[]
  readonly stats: FetchStats
  readonly timing: Timing
}

export interface BlockToStore {
  readonly hash: Uint8Array
  /** Makes the block's bytes when it is their turn, so that a long prompt's blocks are not all in memory at once. */
  readonly bytes: () => Uint8Array
}

export interface StoreSummary {
  /** Blocks whose manifest is written. */
  readonly visible: number
  readonly bytesWritten: number
  readonly timing: Timing
}

/** How many bytes every block of this trial has, and how it is cut. */
export interface BlockShape {
  readonly byteLength: number
  readonly chunkBytes: number
}

/** The KVC protocol (section 6 of the design) from the inference host's side. */
export class KvcClient {
  readonly #station: GroundStation
  readonly #shape: BlockShape
  readonly #window: FlightWindow
  #epoch = 0
  #rotating = false

  constructor(station: GroundStation, shape: BlockShape, bytesInFlight: number) {
    this.#station = station
    this.#shape = shape
    this.#window = new FlightWindow(bytesInFlight)
  }

  get epoch(): number {
    return this.#epoch
  }

  get bytesInFlight(): number {
    return this.#window.bytesInFlight
  }

  /** The manifests of the cached prefix of these blocks, in order. An unreachable server 0 makes everything a miss. */
  async lookup(hashes: readonly Uint8Array[]): Promise<LookupResult> {
    const clock = this.#startClock()
    const manifests =
      this.#network.parameters.lookup === 'batch'
        ? await this.#lookupBatch(hashes, clock)
        : await this.#lookupBySearch(hashes, clock)
    return { manifests, timing: clock.timing() }
  }

  /**
   * Fetch whole blocks in parallel. A block with a missing or corrupt chunk is purged, and ends the result.
   * @param into where to put block i, of the shape's length; allocated when absent
   */
  async fetch(
    hashes: readonly Uint8Array[],
    manifests: readonly Manifest[],
    options: { readonly recordRoutes?: boolean; readonly into?: readonly Uint8Array[] } = {},
  ): Promise<FetchResult> {
    const clock = this.#startClock()
    const stats: FetchStats = {
      chunksFetched: 0,
      bytesRead: 0,
      hopsHistogram: [],
      propagationMs: 0,
      routes: [],
    }
    const receivedBytes = hashes.map(() => 0)
    const fetched = await Promise.all(
      hashes.map((hash, i) => {
        const target = options.into?.[i] ?? Buffer.allocUnsafeSlow(this.#shape.byteLength)
        const recordRoutes = (options.recordRoutes ?? false) && i === 0
        const received = (bytes: number): void => void (receivedBytes[i] = (receivedBytes[i] ?? 0) + bytes)
        return this.#fetchBlock(hash, manifests[i] as Manifest, target, {
          stats,
          clock,
          recordRoutes,
          received,
        })
      }),
    )
    const good = contiguousPrefix(fetched.map((block) => block !== null))
    return { blocks: fetched.slice(0, good) as Uint8Array[], receivedBytes, stats, timing: clock.timing() }
  }

  /**
   * Store whole blocks: all chunks in parallel, and each block's manifest once all its chunks are acknowledged.
   * @returns how many blocks became visible, and the chunk bytes that were acknowledged
   */
  async store(blocks: readonly BlockToStore[]): Promise<StoreSummary> {
    const begun = performance.now()
    const results: StoreResult[] = []
    const queue = blocks.values()
    const storeNext = async (): Promise<void> => {
      for (const { hash, bytes } of queue) {
        await nextTurn()
        results.push(await this.#storeBlock(hash, bytes(), begun))
      }
    }
    await Promise.all(Array.from({ length: blocksAtATime }, storeNext))
    return {
      visible: results.filter((result) => result.visible).length,
      bytesWritten: results.reduce((sum, result) => sum + result.bytesWritten, 0),
      timing: slowest(results.map((result) => result.timing)),
    }
  }

  /** Tell every server of a block that what it has of it is useless. */
  purge(hash: Uint8Array): void {
    for (const destination of this.#network.servers(this.#epoch)) {
      this.#station.send({ kind: PacketKind.purge, destination, epoch: this.#epoch, body: [hash] })
    }
  }

  /**
   * The constellation has turned by one slot: every server of the old and the new placement learns the epoch, and those
   * that leave move their chunks. Until all have reported, reads look at both places.
   */
  async rotate(): Promise<RotationReport> {
    const epoch = this.#epoch + 1
    if (this.#network.modelOnBoard) {
      this.#epoch = epoch
      return { chunks: 0, bytes: 0 }
    }
    this.#rotating = true
    this.#epoch = epoch
    const moved = this.#network.moves(epoch).map((move) => move.from)
    const reports = await Promise.all(
      [...this.#network.servers(epoch), ...moved].map((destination) =>
        this.#station
          .request({ kind: PacketKind.rotate, destination, epoch, body: [] })
          .then((answer) => decodeRotated(bodyOf(answer)) ?? { chunks: 0, bytes: 0 })
          .catch(() => ({ chunks: 0, bytes: 0 })),
      ),
    )
    this.#rotating = false
    return reports.reduce((sum, r) => ({ chunks: sum.chunks + r.chunks, bytes: sum.bytes + r.bytes }), {
      chunks: 0,
      bytes: 0,
    })
  }

  #startClock(begun = performance.now()): OperationClock {
    return new OperationClock(this.#network.parameters.link_delay === 'virtual', begun)
  }

  get #network(): TrialNetwork {
    return this.#station.network
  }

  async #lookupBatch(hashes: readonly Uint8Array[], clock: OperationClock): Promise<Manifest[]> {
    const found: Manifest[] = []
    for (let start = 0; start < hashes.length; start += lookupBatch) {
      const part = hashes.slice(start, start + lookupBatch)
      const manifests = await this.#askForManifests(part, clock)
      const prefix = contiguousPrefix(manifests.map((manifest) => manifest !== null))
      found.push(...(manifests.slice(0, prefix) as Manifest[]))
      if (prefix < part.length) break
    }
    return found
  }

  async #lookupBySearch(hashes: readonly Uint8Array[], clock: OperationClock): Promise<Manifest[]> {
    const known = new Map<number, Manifest>()
    let search = startSearch(hashes.length)
    for (let probe = nextProbe(search); probe !== null; probe = nextProbe(search)) {
      const [manifest] = await this.#askForManifests([hashes[probe] as Uint8Array], clock)
      if (manifest) known.set(probe, manifest)
      search = afterProbe(search, probe, manifest != null)
    }
    // The search has seen only some manifests; all blocks of one trial are cut alike, but each has its own checksum.
    const unseen = Array.from({ length: search.low }, (_, i) => i).filter((i) => !known.has(i))
    if (unseen.length > 0) {
      const manifests = await this.#askForManifests(
        unseen.map((i) => hashes[i] as Uint8Array),
        clock,
      )
      unseen.forEach((i, k) => manifests[k] && known.set(i, manifests[k]))
    }
    const prefix = contiguousPrefix(Array.from({ length: search.low }, (_, i) => known.has(i)))
    return Array.from({ length: prefix }, (_, i) => known.get(i) as Manifest)
  }

  /** Ask server 0, at its old place too for what its new one does not have yet. */
  async #askForManifests(hashes: readonly Uint8Array[], clock: OperationClock): Promise<(Manifest | null)[]> {
    const found: (Manifest | null)[] = hashes.map(() => null)
    for await (const [destination, epoch] of this.#places(0)) {
      const wanted = found.flatMap((manifest, i) => (manifest === null ? [i] : []))
      const body = encodeLookup(wanted.map((i) => hashes[i] as Uint8Array))
      const answer = await this.#tryRequest({ kind: PacketKind.lookup, destination, epoch, body })
      if (answer !== null) {
        clock.answered(answer, true)
        decodeManifests(bodyOf(answer))?.forEach((manifest, k) => (found[wanted[k] as number] = manifest))
      }
      if (found.every((manifest) => manifest !== null)) break
    }
    return found.map((manifest) => (manifest !== null && this.#fits(manifest) ? manifest : null))
  }

  #fits(manifest: Manifest): boolean {
    return manifestProblem(manifest, this.#shape.byteLength, this.#shape.chunkBytes) === null
  }

  async #fetchBlock(
    hash: Uint8Array,
    manifest: Manifest,
    target: Uint8Array,
    context: FetchContext,
  ): Promise<Uint8Array | null> {
    const { servers } = this.#network.parameters
    const block = new BlockAssembly(target, this.#shape.chunkBytes)
    const perPacket = Math.max(1, Math.floor(packetBytes / this.#shape.chunkBytes))
    const parts: Promise<boolean>[] = []
    for (let server = 0; server < Math.min(servers, manifest.chunkCount); server++) {
      const chunks = chunksOfServer(server, servers, manifest.chunkCount)
      for (let start = 0; start < chunks.length; start += perPacket) {
        const indices = chunks.slice(start, start + perPacket)
        const bytes = indices.length * this.#shape.chunkBytes
        parts.push(this.#window.run(bytes, () => this.#fetchChunks(hash, server, indices, block, context)))
      }
    }
    const whole = (await Promise.all(parts)).every((complete) => complete)
    context.received(block.receivedBytes)
    if (whole && block.checksum() === manifest.checksum) return target
    this.purge(hash)
    return null
  }

  /** Chunks of one server, from its old place too while a rotation runs. True when all of them arrived. */
  async #fetchChunks(
    hash: Uint8Array,
    server: number,
    indices: readonly number[],
    block: BlockAssembly,
    context: FetchContext,
  ): Promise<boolean> {
    let wanted = indices
    for await (const [destination, epoch] of this.#places(server)) {
      const body = encodeGet({ hash, indices: wanted })
      const recordRoute = context.recordRoutes && indices[0] === server && wanted === indices
      const sink = new ChunkSetReader((index, offset, bytes) => block.write(index, offset, bytes))
      const answer = await this.#tryRequest({
        kind: PacketKind.get,
        destination,
        epoch,
        body,
        recordRoute,
        sink,
      })
      if (answer === null) continue
      const arrived = wanted.filter((index) => block.isComplete(index))
      if (arrived.length > 0) recordAnswer(context.stats, answer, server, arrived, block)
      context.clock.answered(answer, false)
      if (arrived.length === wanted.length) return true
      wanted = wanted.filter((index) => !block.isComplete(index))
    }
    return false
  }

  async #storeBlock(hash: Uint8Array, bytes: Uint8Array, begun: number): Promise<StoreResult> {
    const clock = this.#startClock(begun)
    const { servers } = this.#network.parameters
    const chunks = chunkCount(bytes.byteLength, this.#shape.chunkBytes)
    const parts: Promise<number>[] = []
    for (let server = 0; server < Math.min(servers, chunks); server++) {
      const own = chunksOfServer(server, servers, chunks).map((index) => {
        const { start, end } = chunkRange(index, bytes.byteLength, this.#shape.chunkBytes)
        return { index, bytes: bytes.subarray(start, end) }
      })
      for (const group of groupBySize(own, packetBytes)) {
        const size = group.reduce((sum, chunk) => sum + chunk.bytes.byteLength, 0)
        const body = encodeChunkSet({ hash, chunks: group })
        parts.push(
          this.#window.run(size, async () =>
            (await this.#put(PacketKind.set, server, body, clock)) ? size : 0,
          ),
        )
      }
    }
    const written = await Promise.all(parts)
    const bytesWritten = written.reduce((sum, size) => sum + size, 0)
    if (written.some((size) => size === 0)) return { visible: false, bytesWritten, timing: clock.timing() }
    const manifest = {
      chunkCount: chunks,
      byteLength: bytes.byteLength,
      checksum: blockChecksum(bytes, this.#shape.chunkBytes),
      epoch: this.#epoch,
    }
    clock.nextStage()
    const body = encodeNamedManifest({ hash, manifest })
    const visible = await this.#put(PacketKind.putManifest, 0, body, clock)
    return { visible, bytesWritten, timing: clock.timing() }
  }

  async #put(
    kind: PacketKind,
    server: number,
    body: readonly Uint8Array[],
    clock: OperationClock,
  ): Promise<boolean> {
    const destination = this.#network.servers(this.#epoch)[server] as Position
    const answer = await this.#tryRequest({ kind, destination, epoch: this.#epoch, body })
    if (answer === null) return false
    clock.answered(answer, false)
    return decodeAck(bodyOf(answer)) === 'stored'
  }

  /**
   * Where to look for what a server holds: its place; and when the constellation turns, or turned meanwhile, the place
   * that it leaves, and the new one again, where a chunk has arrived that had left the old place before it was asked.
   */
  async *#places(server: number): AsyncGenerator<[Position, number]> {
    const begun = this.#epoch
    const turning = this.#rotating
    const at = (epoch: number): Position => this.#network.servers(epoch)[server] as Position
    yield [at(begun), begun]
    const now = this.#epoch
    if (now === begun && !turning) return
    const before = at(Math.max(0, now - 1))
    if (now === begun && samePosition(before, at(now))) return
    if (!samePosition(before, at(now))) yield [before, now]
    yield [at(now), now]
  }

  /** The answer, or null when the satellite cannot be reached: to the cache that is a miss. */
  async #tryRequest(request: Parameters<GroundStation['request']>[0]): Promise<Packet | null> {
    try {
      return await this.#station.request(request)
    } catch (thrown) {
      if (thrown instanceof SkyError && thrown.code === 'unreachable') return null
      throw thrown
    }
  }
}

interface StoreResult {
  readonly visible: boolean
  readonly bytesWritten: number
  readonly timing: Timing
}

interface FetchContext {
  readonly stats: FetchStats
  readonly clock: OperationClock
  readonly recordRoutes: boolean
  readonly received: (bytes: number) => void
}

function recordAnswer(
  stats: FetchStats,
  answer: Packet,
  server: number,
  arrived: readonly number[],
  block: BlockAssembly,
): void {
  stats.chunksFetched += arrived.length
  for (const index of arrived) stats.bytesRead += block.chunkLength(index)
  countHops(stats.hopsHistogram, answer.requestHops, arrived.length)
  stats.propagationMs = Math.max(stats.propagationMs, answer.propagationUs / 1000)
  if (answer.route.length > 0) stats.routes.push(routeOf(answer, server))
}

function countHops(histogram: number[], hops: number, chunks: number): void {
  while (histogram.length <= hops) histogram.push(0)
  histogram[hops] = (histogram[hops] ?? 0) + chunks
}

function bodyOf(packet: Packet): Uint8Array {
  return packet.body[0] ?? new Uint8Array(0)
}

function routeOf(answer: Packet, server: number): Route {
  const steps = answer.route.map(({ slot, plane, propagationUs }) => ({
    slot,
    plane,
    propagationMs: propagationUs / 1000,
  }))
  return { server, steps }
}
