import { packetBytes } from '../../kvc/block-shape'
import { chunkCount, chunkCountOfServer } from '../../kvc/chunks'

/** Consecutive chunks of one server that travel in one packet. */
export interface PacketCut {
  readonly server: number
  /** The first one, counted among the server's own chunks: chunk `server + first * servers` of the block. */
  readonly first: number
  readonly count: number
  readonly bytes: number
  /** What the flight window counts for it: a request counts whole chunks. */
  readonly windowBytes: number
}

/**
 * How every block of a trial is cut: the same chunks and packets as the agents form, as numbers. A server's chunks are
 * counted among themselves from 0, so that neighbours in a packet are neighbours in number.
 */
export class BlockCut {
  readonly servers: number
  readonly chunkBytes: number
  readonly chunks: number
  /** Servers that hold anything of a block. */
  readonly holders: number
  /** Packets that ask for a block, server by server. */
  readonly requests: readonly PacketCut[]
  /** Packets that store a block. */
  readonly deliveries: readonly PacketCut[]
  readonly #lastServer: number
  readonly #lastOwn: number
  /** Bytes by which the last chunk of a block is shorter than the others. */
  readonly #shortfall: number

  constructor(byteLength: number, chunkBytes: number, servers: number) {
    this.servers = servers
    this.chunkBytes = chunkBytes
    this.chunks = chunkCount(byteLength, chunkBytes)
    this.holders = Math.min(servers, this.chunks)
    this.#lastServer = (this.chunks - 1) % servers
    this.#lastOwn = Math.floor((this.chunks - 1) / servers)
    this.#shortfall = this.chunks * chunkBytes - byteLength
    const all = Array.from({ length: this.holders }, (_, server) => server)
    this.requests = all.flatMap((server) => this.#cutRequests(server))
    this.deliveries = all.flatMap((server) => this.#cutDeliveries(server))
  }

  /** Chunks of a block that one server holds. */
  countOf(server: number): number {
    return chunkCountOfServer(server, this.servers, this.chunks)
  }

  /** Bytes of a server's chunks from `first` on. */
  bytesOf(server: number, first: number, count: number): number {
    const bytes = count * this.chunkBytes
    const hasLast =
      server === this.#lastServer && first <= this.#lastOwn && this.#lastOwn < first + count && count > 0
    return hasLast ? bytes - this.#shortfall : bytes
  }

  /** As a fetch asks: a fixed number of chunks a packet. */
  #cutRequests(server: number): PacketCut[] {
    const perPacket = Math.max(1, Math.floor(packetBytes / this.chunkBytes))
    const total = this.countOf(server)
    const cuts: PacketCut[] = []
    for (let first = 0; first < total; first += perPacket) {
      const count = Math.min(perPacket, total - first)
      const bytes = this.bytesOf(server, first, count)
      cuts.push({ server, first, count, bytes, windowBytes: count * this.chunkBytes })
    }
    return cuts
  }

  /** As a store sends, and as `groupBySize` cuts: as many chunks as fit, and at least one. */
  #cutDeliveries(server: number): PacketCut[] {
    const total = this.countOf(server)
    const cuts: PacketCut[] = []
    for (let first = 0; first < total;) {
      let count = Math.min(total - first, Math.max(1, Math.floor(packetBytes / this.chunkBytes)))
      // The block's last chunk may be short enough to fit beside a full packet's worth of the others.
      if (first + count < total && this.bytesOf(server, first, count + 1) <= packetBytes) count += 1
      const bytes = this.bytesOf(server, first, count)
      cuts.push({ server, first, count, bytes, windowBytes: bytes })
      first += count
    }
    return cuts
  }
}
