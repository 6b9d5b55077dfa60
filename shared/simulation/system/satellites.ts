import type { EventQueue } from './event-queue'
import { Packet, type Cargo, type Links, type Placements } from './packet'
import { purgeBytes } from './packet-bytes'
import { add, type SatelliteCounts } from './satellite-counts'
import type { SatelliteMemories } from './satellite-memories'
import type { Interval } from './stored-runs'

export interface SatellitesOptions {
  readonly queue: EventQueue
  readonly links: Links
  readonly orbit: Placements
  readonly memories: SatelliteMemories
  readonly counts: SatelliteCounts
  readonly eviction: 'gossip' | 'lazy'
}

/** What a satellite is told when it leaves the placement or enters it. */
export interface MigrationControl {
  /** Something was stored: on a satellite that has left, it goes where the rest went. */
  follow(satellite: number): void
  /** It holds a server (again): what arrives stays. */
  stay(satellite: number): void
}

/** What satellites do with the packets that are for them; the counterpart of an agent's satellite. */
export class Satellites {
  readonly queue: EventQueue
  readonly links: Links
  readonly orbit: Placements
  readonly memories: SatelliteMemories
  readonly counts: SatelliteCounts
  readonly #gossips: boolean
  /** Rotations that each satellite has heard of. */
  readonly #epochs: Int32Array
  migrations: MigrationControl = { follow: () => undefined, stay: () => undefined }

  constructor(options: SatellitesOptions) {
    this.queue = options.queue
    this.links = options.links
    this.orbit = options.orbit
    this.memories = options.memories
    this.counts = options.counts
    this.#gossips = options.eviction === 'gossip'
    const { slots, planes } = options.orbit.torus
    this.#epochs = new Int32Array(slots * planes)
  }

  /** Read chunks; answers which are missing. */
  get(satellite: number, block: number, server: number, wanted: Interval): Interval[] | null {
    const missing = this.memories.get(satellite, block, server, wanted)
    add(this.counts.gets, satellite, wanted.count)
    for (const { count } of missing ?? []) add(this.counts.misses, satellite, count)
    return missing
  }

  /** Tell the other servers of the blocks that lost chunks to what was stored; answers whether this block is one of them. */
  settleEvictions(satellite: number, block: number): boolean {
    const evicted = this.memories.takeEvicted()
    if (evicted === null) return false
    add(this.counts.evictions, satellite, evicted.chunks)
    this.counts.totalEvictions += evicted.chunks
    if (this.#gossips) for (const lost of evicted.blocks) this.#gossip(satellite, lost)
    return evicted.blocks.includes(block)
  }

  /** Drop everything of a block. */
  purge(satellite: number, block: number): void {
    if (this.memories.removeBlock(satellite, block)) add(this.counts.purgedBlocks, satellite, 1)
  }

  /** Chunks of a rotation may arrive before the word of it: a satellite that enters the placement keeps what it gets. */
  learnEpoch(satellite: number, epoch: number): void {
    if (epoch <= (this.#epochs[satellite] as number)) return
    this.#epochs[satellite] = epoch
    if (this.orbit.at(epoch).servers.includes(satellite)) this.migrations.stay(satellite)
  }

  /** Something was stored by a packet of this epoch. */
  stored(satellite: number, epoch: number): void {
    this.learnEpoch(satellite, epoch)
    this.migrations.follow(satellite)
  }

  /** Tell a satellite that what it has of a block is useless. */
  sendPurge(origin: number, destination: number, epoch: number, block: number): void {
    const cargo = new Purge(this, block)
    this.links.send(new Packet(this.links, cargo, origin, destination, epoch, purgeBytes))
  }

  #gossip(satellite: number, block: number): void {
    this.purge(satellite, block)
    for (const server of this.orbit.at(this.#epochs[satellite] as number).servers) {
      if (server !== satellite) this.sendPurge(satellite, server, 0, block)
    }
  }
}

class Purge implements Cargo {
  readonly limitMs = 0
  readonly #satellites: Satellites
  readonly #block: number

  constructor(satellites: Satellites, block: number) {
    this.#satellites = satellites
    this.#block = block
  }

  arrive({ destination }: Packet): void {
    this.#satellites.purge(destination, this.#block)
  }

  returned(): void {
    // Nobody answers it.
  }

  lost(): void {
    // As if nobody had known: the next reader notices.
  }
}
