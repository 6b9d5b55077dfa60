import { emptyCounters, type SatelliteCounters } from '#shared/experiment/records'
import type { Position } from '#shared/constellation/torus'
import {
  decodeChunkSet,
  decodeGet,
  decodeHash,
  decodeLookup,
  decodeNamedManifest,
  encodeAck,
  encodeChunkSet,
  encodeManifests,
  encodeRotated,
} from '#shared/protocol/messages'
import { answerTo, PacketFlag, PacketKind, type Packet } from '#shared/protocol/packet'
import type { TrialNetwork } from '#shared/network/trial-network'
import { blockKey, ChunkStore, hashOf, type BlockKey } from './chunk-store'
import type { Fabric } from './fabric'
import { Migration } from './migration'

export interface SatelliteOptions {
  readonly position: Position
  readonly budgetBytes: number
  readonly eviction: 'gossip' | 'lazy'
}

/** One satellite: its own memory, its own counters, and its answers to the packets that are for it. */
export class Satellite {
  readonly position: Position
  readonly counters: SatelliteCounters
  readonly store: ChunkStore
  readonly #eviction: 'gossip' | 'lazy'
  readonly #network: TrialNetwork
  readonly #fabric: Fabric
  readonly #migration: Migration
  #epoch = 0

  constructor(options: SatelliteOptions, network: TrialNetwork, fabric: Fabric) {
    this.position = options.position
    this.#eviction = options.eviction
    this.#network = network
    this.#fabric = fabric
    this.store = new ChunkStore(options.budgetBytes)
    this.counters = emptyCounters(options.position)
    this.#migration = new Migration(this, (packet) => this.#fabric.inject(packet, this), network.maxHops)
  }

  /** What this satellite has counted, with what it stores now. */
  snapshot(): SatelliteCounters {
    return { ...this.counters, chunks: this.store.chunkCount, bytes: this.store.bytes }
  }

  receive(packet: Packet): void {
    const body = packet.body.length === 1 ? (packet.body[0] as Uint8Array) : Buffer.concat(packet.body)
    switch (packet.kind) {
      case PacketKind.get:
        return this.#get(packet, body)
      case PacketKind.set:
      case PacketKind.migrateChunks:
        return this.#set(packet, body)
      case PacketKind.lookup:
        return this.#lookup(packet, body)
      case PacketKind.putManifest:
      case PacketKind.migrateManifest:
        return this.#putManifest(packet, body)
      case PacketKind.purge: {
        const hash = decodeHash(body)
        if (hash !== null) this.#purge(blockKey(hash))
        return
      }
      case PacketKind.rotate:
        return this.#rotate(packet)
      case PacketKind.acknowledge:
      case PacketKind.unreachable:
        return this.#migration.answered(packet)
      default:
        // Kinds that only an inference host or a connection expects: nothing that a satellite could do with them.
        this.counters.dropped += 1
    }
  }

  #get(packet: Packet, body: Uint8Array): void {
    const request = decodeGet(body)
    if (request === null) return this.#dropMalformed()
    const block = blockKey(request.hash)
    const chunks = request.indices.map((index) => {
      const bytes = this.store.getChunk(block, index)
      this.counters.gets += 1
      if (bytes === null) this.counters.misses += 1
      return { index, bytes }
    })
    this.#answer(packet, PacketKind.chunks, encodeChunkSet({ hash: request.hash, chunks }))
  }

  #set(packet: Packet, body: Uint8Array): void {
    const set = decodeChunkSet(body)
    if (set === null) return this.#dropMalformed()
    const block = blockKey(set.hash)
    let stored = true
    for (const { index, bytes } of set.chunks) {
      if (bytes === null || !this.store.setChunk(block, index, bytes)) stored = false
      else if (packet.kind === PacketKind.set) this.counters.sets += 1
      else {
        this.counters.migratedIn += 1
        this.counters.migratedBytes += bytes.byteLength
      }
    }
    if (this.#handleEvictions().has(block)) stored = false
    this.#answer(packet, PacketKind.acknowledge, encodeAck(stored ? 'stored' : 'refused'))
    this.#follow(packet)
  }

  #lookup(packet: Packet, body: Uint8Array): void {
    const hashes = decodeLookup(body)
    if (hashes === null) return this.#dropMalformed()
    const manifests = hashes.map((hash) => this.store.manifest(blockKey(hash)))
    this.#answer(packet, PacketKind.manifests, encodeManifests(manifests))
  }

  #putManifest(packet: Packet, body: Uint8Array): void {
    const named = decodeNamedManifest(body)
    if (named === null) return this.#dropMalformed()
    this.store.setManifest(blockKey(named.hash), named.manifest)
    this.#answer(packet, PacketKind.acknowledge, encodeAck('stored'))
    this.#follow(packet)
  }

  #purge(block: BlockKey): void {
    if (this.store.removeBlock(block).hadManifest) this.counters.purgedBlocks += 1
  }

  /** A block that lost a chunk is useless: with gossip its other servers drop their part of it at once. */
  #handleEvictions(): Set<BlockKey> {
    const evicted = this.store.takeEvicted()
    const blocks = new Set(evicted)
    this.counters.evictions += evicted.length
    if (this.#eviction === 'lazy') return blocks
    for (const block of blocks) {
      this.#purge(block)
      for (const server of this.#network.servers(this.#epoch)) {
        if (server.slot === this.position.slot && server.plane === this.position.plane) continue
        this.#fabric.inject(this.#oneWay(PacketKind.purge, server, [hashOf(block)]), this)
      }
    }
    return blocks
  }

  #rotate(packet: Packet): void {
    this.#learnEpoch(packet.epoch)
    const successor = this.#network.migrationTarget(this.position, packet.epoch)
    if (successor === null) {
      this.#answer(packet, PacketKind.rotated, encodeRotated({ chunks: 0, bytes: 0 }))
      return
    }
    void this.#migration.moveTo(successor, packet.epoch).then((report) => {
      this.#answer(packet, PacketKind.rotated, encodeRotated(report))
    })
  }

  /** Something was stored here: when this satellite has left the placement, it goes where the rest went. */
  #follow(packet: Packet): void {
    this.#learnEpoch(packet.epoch)
    this.#migration.follow()
  }

  /** Chunks of a rotation may arrive before the word of it: a satellite that enters the placement keeps what it gets. */
  #learnEpoch(epoch: number): void {
    if (epoch <= this.#epoch) return
    this.#epoch = epoch
    if (this.#network.serverAt(this.position, epoch) !== null) this.#migration.stay()
  }

  #answer(request: Packet, kind: PacketKind, body: readonly Uint8Array[]): void {
    this.#fabric.inject(answerTo(request, kind, this.#network.maxHops, body), this)
  }

  #oneWay(kind: PacketKind, destination: Position, body: readonly Uint8Array[]): Packet {
    return {
      kind,
      flags: PacketFlag.satellite,
      ttl: this.#network.maxHops,
      hops: 0,
      requestHops: 0,
      requestId: 0,
      origin: this.position,
      destination,
      epoch: this.#epoch,
      propagationUs: 0,
      demandedUs: 0,
      achievedUs: 0,
      route: [],
      body,
    }
  }

  #dropMalformed(): void {
    this.counters.dropped += 1
  }
}
