import { setImmediate as nextTurn } from 'node:timers/promises'
import { chunkCount, chunkRange, chunksOfServer } from '#shared/kvc/chunks'
import { decodeAck, encodeChunkSet, encodeNamedManifest } from '#shared/protocol/messages'
import { PacketKind } from '#shared/protocol/packet'
import { groupBySize } from '#shared/kvc/group-by-size'
import { blocksAtATime } from '#shared/kvc/protocol-limits'
import { blockChecksum } from './block-checksum'
import { packetBytes, type BlockShape } from '#shared/kvc/block-shape'
import type { FlightWindow } from './flight-window'
import { Departure, OperationClock, slowest, type Timing } from './operation-clock'
import type { OrbitingServers } from './orbiting-servers'

export interface BlockToStore {
  readonly hash: Uint8Array
  /** Makes the block's bytes when it is their turn, so that a long prompt's blocks are not all in memory at once. */
  readonly bytes: () => Promise<Uint8Array>
}

export interface StoreSummary {
  /** Blocks whose manifest is written. */
  readonly visible: number
  readonly bytesWritten: number
  /** Null when no server could be reached. */
  readonly timing: Timing | null
}

interface StoredBlock {
  readonly visible: boolean
  readonly bytesWritten: number
  readonly timing: Timing | null
}

/** Stores whole blocks: all chunks in parallel, and each block's manifest once all its chunks are acknowledged. */
export async function storeBlocks(
  servers: OrbitingServers,
  shape: BlockShape,
  window: FlightWindow,
  blocks: readonly BlockToStore[],
): Promise<StoreSummary> {
  const departure = new Departure()
  const stored: StoredBlock[] = []
  const queue = blocks.values()
  const storeNext = async (): Promise<void> => {
    for (const { hash, bytes } of queue) {
      await nextTurn() // making the bytes takes a while: let packets pass in between
      const clock = new OperationClock(servers.network.parameters.link_delay === 'virtual', departure)
      stored.push(await storeBlock(servers, shape, window, hash, await bytes(), clock))
    }
  }
  await Promise.all(Array.from({ length: blocksAtATime }, storeNext))
  return {
    visible: stored.filter((block) => block.visible).length,
    bytesWritten: stored.reduce((sum, block) => sum + block.bytesWritten, 0),
    timing: slowest(stored.map((block) => block.timing)),
  }
}

async function storeBlock(
  servers: OrbitingServers,
  { chunkBytes }: BlockShape,
  window: FlightWindow,
  hash: Uint8Array,
  bytes: Uint8Array,
  clock: OperationClock,
): Promise<StoredBlock> {
  const count = servers.network.parameters.servers
  const chunks = chunkCount(bytes.byteLength, chunkBytes)
  const put = async (kind: PacketKind, server: number, body: readonly Uint8Array[]): Promise<boolean> => {
    clock.sent()
    const answer = await servers.ask({ kind, ...servers.place(server), body })
    if (answer === null) return false
    clock.answered(answer)
    return decodeAck(answer.body[0] ?? new Uint8Array(0)) === 'stored'
  }
  const parts: Promise<number>[] = []
  for (let server = 0; server < Math.min(count, chunks); server++) {
    const own = chunksOfServer(server, count, chunks).map((index) => {
      const { start, end } = chunkRange(index, bytes.byteLength, chunkBytes)
      return { index, bytes: bytes.subarray(start, end) }
    })
    for (const group of groupBySize(own, packetBytes)) {
      const size = group.reduce((sum, chunk) => sum + chunk.bytes.byteLength, 0)
      const body = encodeChunkSet({ hash, chunks: group })
      parts.push(window.run(size, async () => ((await put(PacketKind.set, server, body)) ? size : 0)))
    }
  }
  const written = await Promise.all(parts)
  const bytesWritten = written.reduce((sum, size) => sum + size, 0)
  if (written.some((size) => size === 0)) return { visible: false, bytesWritten, timing: clock.timing() }
  clock.nextStage()
  const checksum = blockChecksum(hash, bytes)
  const manifest = { chunkCount: chunks, byteLength: bytes.byteLength, checksum, epoch: servers.epoch }
  const visible = await put(PacketKind.putManifest, 0, encodeNamedManifest({ hash, manifest }))
  return { visible, bytesWritten, timing: clock.timing() }
}
