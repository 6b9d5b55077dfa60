import { answerLimitMs, blocksAtATime } from '../../kvc/protocol-limits'
import type { BlockCut, PacketCut } from './block-cut'
import { Call } from './event-queue'
import type { FlightWindow, Sender } from './flight-window'
import type { GroundServers } from './ground-servers'
import { fromHost, Packet, type Cargo } from './packet'
import { acknowledgeBytes, chunkSetBytes, namedManifestBytes } from './packet-bytes'
import { add } from './satellite-counts'

export interface StoreResult {
  readonly bytesWritten: number
  /** Null when no server could be reached. */
  readonly ms: number | null
}

/** Stores blocks, a few at a time: all chunks in parallel, and a block's manifest once all its chunks are acknowledged. */
export class Store {
  readonly ground: GroundServers
  readonly cut: BlockCut
  readonly window: FlightWindow
  readonly #blocks: Int32Array
  readonly #done: (result: StoreResult) => void
  #next = 0
  #open: number
  #bytesWritten = 0
  #sentMs: number | null = null
  #answeredMs: number | null = null

  /** @param blocks at least one */
  constructor(
    ground: GroundServers,
    cut: BlockCut,
    window: FlightWindow,
    blocks: Int32Array,
    done: (result: StoreResult) => void,
  ) {
    this.ground = ground
    this.cut = cut
    this.window = window
    this.#blocks = blocks
    this.#done = done
    this.#open = blocks.length
  }

  begin(): void {
    for (let i = 0; i < Math.min(blocksAtATime, this.#blocks.length); i++) this.#storeNext()
  }

  sent(): void {
    this.#sentMs ??= this.ground.satellites.queue.nowMs
  }

  answered(): void {
    this.#answeredMs = this.ground.satellites.queue.nowMs
  }

  blockStored(bytesWritten: number): void {
    this.#bytesWritten += bytesWritten
    this.#open -= 1
    if (this.#open > 0) return this.#storeNext()
    const ms = this.#sentMs === null || this.#answeredMs === null ? null : this.#answeredMs - this.#sentMs
    this.#done({ bytesWritten: this.#bytesWritten, ms })
  }

  /** The agents let packets pass before they make a block's bytes: it comes behind what is due at this moment. */
  #storeNext(): void {
    if (this.#next === this.#blocks.length) return
    const block = this.#blocks[this.#next++] as number
    this.ground.satellites.queue.soon(new Call(() => this.window.enter(new BlockStore(this, block))))
  }
}

/** One block on its way to its servers. */
class BlockStore implements Sender {
  readonly store: Store
  readonly block: number
  #next = 0
  #open: number
  #bytesWritten = 0
  #refused = false

  constructor(store: Store, block: number) {
    this.store = store
    this.block = block
    this.#open = store.cut.deliveries.length
  }

  get nextBytes(): number {
    return this.store.cut.deliveries[this.#next]?.windowBytes ?? 0
  }

  sendNext(): void {
    const { ground } = this.store
    const cut = this.store.cut.deliveries[this.#next++] as PacketCut
    this.store.sent()
    const { links } = ground.satellites
    const bytes = chunkSetBytes(cut.count, cut.bytes)
    const cargo = new Delivery(this, cut)
    links.send(new Packet(links, cargo, fromHost, ground.satelliteOf(cut.server), ground.epoch, bytes))
  }

  settled(cut: PacketCut, stored: boolean): void {
    if (stored) this.#bytesWritten += cut.bytes
    else this.#refused = true
    this.#open -= 1
    this.store.window.leave(cut.windowBytes)
    if (this.#open > 0) return
    if (this.#refused) return this.store.blockStored(this.#bytesWritten)
    const { ground } = this.store
    const { links } = ground.satellites
    const cargo = new ManifestDelivery(this)
    links.send(new Packet(links, cargo, fromHost, ground.satelliteOf(0), ground.epoch, namedManifestBytes))
  }

  manifestSettled(): void {
    this.store.blockStored(this.#bytesWritten)
  }
}

class Delivery implements Cargo {
  readonly limitMs = answerLimitMs
  readonly #block: BlockStore
  readonly #cut: PacketCut
  #whole = false

  constructor(block: BlockStore, cut: PacketCut) {
    this.#block = block
    this.#cut = cut
  }

  arrive(packet: Packet): void {
    const { satellites } = this.#block.store.ground
    const { block } = this.#block
    const { destination, epoch } = packet
    const stored = satellites.memories.set(destination, block, this.#cut.server, this.#cut)
    add(satellites.counts.sets, destination, stored)
    const lost = satellites.settleEvictions(destination, block)
    this.#whole = stored === this.#cut.count && !lost
    packet.links.answer(packet, acknowledgeBytes)
    satellites.stored(destination, epoch)
  }

  returned(): void {
    this.#block.store.answered()
    this.#block.settled(this.#cut, this.#whole)
  }

  lost(): void {
    this.#block.settled(this.#cut, false)
  }
}

class ManifestDelivery implements Cargo {
  readonly limitMs = answerLimitMs
  readonly #block: BlockStore

  constructor(block: BlockStore) {
    this.#block = block
  }

  arrive(packet: Packet): void {
    const { satellites } = this.#block.store.ground
    satellites.memories.manifests.put(packet.destination, this.#block.block)
    packet.links.answer(packet, acknowledgeBytes)
    satellites.stored(packet.destination, packet.epoch)
  }

  returned(): void {
    this.#block.store.answered()
    this.#block.manifestSettled()
  }

  lost(): void {
    this.#block.manifestSettled()
  }
}
