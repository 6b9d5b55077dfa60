import { PacketFlag, PacketKind, type Packet } from '#shared/protocol/packet'
import {
  decodeAck,
  encodeChunkSet,
  encodeNamedManifest,
  type RotationReport,
} from '#shared/protocol/messages'
import type { Position } from '#shared/constellation/torus'
import { packetBytes } from '#shared/kvc/block-shape'
import { groupBySize } from '#shared/kvc/group-by-size'
import { acknowledgeLimitMs, migrationWindow } from '#shared/kvc/protocol-limits'
import type { SatelliteCounters } from '#shared/experiment/records'
import { hashOf, type BlockKey, type ChunkStore } from './chunk-store'

/** One packet's worth: chunks of a block, or its manifest. */
interface Parcel {
  readonly block: BlockKey
  readonly kind: typeof PacketKind.migrateChunks | typeof PacketKind.migrateManifest
  readonly indices: readonly number[]
  readonly body: readonly Uint8Array[]
}

/** A satellite as its migration sees it. */
export interface MigratingSatellite {
  readonly position: Position
  readonly store: ChunkStore
  readonly counters: SatelliteCounters
}

/**
 * Moves everything a satellite stores to its successor when a rotation takes it out of the placement.
 * A chunk is forgotten here only after it was acknowledged there, so that a reader finds it at one of the two places.
 */
export class Migration {
  readonly #satellite: MigratingSatellite
  readonly #send: (packet: Packet) => void
  readonly #maxHops: number
  readonly #waiting = new Map<number, (stored: boolean) => void>()
  #nextRequestId = 1
  #successor: Position | null = null
  #epoch = 0
  #current: Promise<unknown> | null = null

  constructor(satellite: MigratingSatellite, send: (packet: Packet) => void, maxHops: number) {
    this.#satellite = satellite
    this.#send = send
    this.#maxHops = maxHops
  }

  /** This satellite leaves the placement: move everything to its successor; resolves once that is done. */
  moveTo(successor: Position, epoch: number): Promise<RotationReport> {
    this.#successor = successor
    this.#epoch = epoch
    return this.#move()
  }

  /** This satellite holds a server (again): what arrives stays. */
  stay(): void {
    this.#successor = null
  }

  /** Move what arrived after this satellite had left. */
  follow(): void {
    if (this.#successor !== null && this.#current === null) void this.#move()
  }

  answered(packet: Packet): void {
    const answer = this.#waiting.get(packet.requestId)
    const body = packet.body[0]
    answer?.(packet.kind === PacketKind.acknowledge && body !== undefined && decodeAck(body) === 'stored')
  }

  /** Rounds run one after another: a rotation that begins while stragglers still move waits for them. */
  async #move(): Promise<RotationReport> {
    const round = (this.#current ?? Promise.resolve()).then(() => this.#moveAll())
    this.#current = round
    const report = await round
    if (this.#current === round) this.#current = null
    return report
  }

  async #moveAll(): Promise<RotationReport> {
    const report = { chunks: 0, bytes: 0 }
    // What arrives while parcels are under way is found by the next round.
    for (let parcels = this.#pack(); parcels.length > 0 && this.#successor !== null; parcels = this.#pack()) {
      const queue = parcels.values()
      const workers = Array.from({ length: migrationWindow }, async () => {
        for (const parcel of queue) await this.#moveParcel(parcel, report)
      })
      await Promise.all(workers)
    }
    return report
  }

  async #moveParcel(parcel: Parcel, report: { chunks: number; bytes: number }): Promise<void> {
    const { store, counters } = this.#satellite
    const successor = this.#successor
    if (successor === null) return
    const stored = await this.#request(parcel, successor)
    if (parcel.kind === PacketKind.migrateManifest) {
      store.removeManifest(parcel.block)
      return
    }
    for (const index of parcel.indices) store.removeChunk(parcel.block, index)
    if (!stored) return
    const bytes = parcel.body.slice(1).reduce((sum, part) => sum + part.byteLength, 0)
    report.chunks += parcel.indices.length
    report.bytes += bytes
    counters.migratedOut += parcel.indices.length
  }

  #request(parcel: Parcel, destination: Position): Promise<boolean> {
    const requestId = this.#nextRequestId++
    return new Promise((resolve) => {
      const finish = (stored: boolean): void => {
        clearTimeout(timer)
        this.#waiting.delete(requestId)
        resolve(stored)
      }
      const timer = setTimeout(() => finish(false), acknowledgeLimitMs)
      this.#waiting.set(requestId, finish)
      this.#send({
        kind: parcel.kind,
        flags: PacketFlag.satellite,
        ttl: this.#maxHops,
        hops: 0,
        requestHops: 0,
        requestId,
        origin: this.#satellite.position,
        destination,
        epoch: this.#epoch,
        propagationUs: 0,
        demandedUs: 0,
        achievedUs: 0,
        route: [],
        body: parcel.body,
      })
    })
  }

  /** Everything that is stored, least recently used first, so that the successor keeps the order. */
  #pack(): Parcel[] {
    const { store } = this.#satellite
    const byBlock = new Map<BlockKey, { index: number; bytes: Uint8Array }[]>()
    for (const { block, index, bytes } of store.oldestFirst()) {
      const chunks = byBlock.get(block)
      if (chunks === undefined) byBlock.set(block, [{ index, bytes }])
      else chunks.push({ index, bytes })
    }
    const parcels: Parcel[] = []
    for (const [block, chunks] of byBlock) {
      for (const part of groupBySize(chunks, packetBytes)) {
        const body = encodeChunkSet({ hash: hashOf(block), chunks: part })
        parcels.push({
          block,
          kind: PacketKind.migrateChunks,
          indices: part.map((chunk) => chunk.index),
          body,
        })
      }
    }
    for (const [block, manifest] of store.manifests()) {
      const body = encodeNamedManifest({ hash: hashOf(block), manifest })
      parcels.push({ block, kind: PacketKind.migrateManifest, indices: [], body })
    }
    return parcels
  }
}
