import type { Route } from '../../experiment/records'
import { answerLimitMs } from '../../kvc/protocol-limits'
import type { BlockCut, PacketCut } from './block-cut'
import type { FlightWindow, Sender } from './flight-window'
import type { GroundServers, Place } from './ground-servers'
import { fromHost, Packet, type Cargo } from './packet'
import { chunkSetBytes, getBytes } from './packet-bytes'
import type { SimulatedCache } from './simulated-cache'
import type { Interval } from './stored-runs'

/** What a fetch has seen; counted from the packets that came back. */
export interface FetchResult {
  /** Whole blocks from the first on. */
  readonly blocks: number
  /** Blocks that were not whole, and are purged. */
  readonly purged: readonly number[]
  readonly chunksFetched: number
  readonly bytesRead: number
  readonly hopsHistogram: number[]
  readonly routes: Route[]
  /** Light time of the slowest chunk's path, there and back; null when no chunk came. */
  readonly lightMs: number | null
  /** Null when no chunk came. */
  readonly ms: number | null
}

/** Fetches blocks in parallel. A block with a missing chunk is purged, and ends the result. */
export class Fetch implements Sender {
  readonly ground: GroundServers
  readonly cut: BlockCut
  readonly #window: FlightWindow
  readonly #recordRoutes: boolean
  readonly #routes: Route[] = []
  readonly #blocks: Int32Array
  readonly #done: (result: FetchResult) => void
  /** Packets of each block that are not settled, and blocks of which a chunk is missing. */
  readonly #open: Int32Array
  readonly #broken: Uint8Array
  #openBlocks: number
  #nextBlock = 0
  #nextCut = 0
  #sentMs: number | null = null
  #answeredMs = 0
  #chunksFetched = 0
  #bytesRead = 0
  #lightMs = 0
  readonly #hops: number[] = []

  /** @param blocks at least one */
  constructor(
    { ground, cut, window, recordRoutes }: SimulatedCache,
    blocks: Int32Array,
    done: (result: FetchResult) => void,
  ) {
    this.ground = ground
    this.cut = cut
    this.#window = window
    this.#recordRoutes = recordRoutes
    this.#blocks = blocks
    this.#done = done
    this.#open = new Int32Array(blocks.length).fill(cut.requests.length)
    this.#broken = new Uint8Array(blocks.length)
    this.#openBlocks = blocks.length
  }

  begin(): void {
    this.#window.enter(this)
  }

  get nextBytes(): number {
    if (this.#nextBlock === this.#blocks.length) return 0
    return (this.cut.requests[this.#nextCut] as PacketCut).windowBytes
  }

  sendNext(): void {
    const { ground } = this
    const index = this.#nextBlock
    const cut = this.cut.requests[this.#nextCut++] as PacketCut
    if (this.#nextCut === this.cut.requests.length) {
      this.#nextCut = 0
      this.#nextBlock += 1
    }
    this.#sentMs ??= ground.satellites.queue.nowMs
    const inquiry = new Inquiry(this, this.#blocks[index] as number, index, cut)
    inquiry.ask(ground.satelliteOf(cut.server), ground.epoch)
  }

  /** @param index of the block */
  arrived(packet: Packet, index: number, cut: PacketCut, chunks: number, bytes: number): void {
    this.#answeredMs = this.ground.satellites.queue.nowMs
    if (chunks === 0) return
    if (this.#recordRoutes && index === 0 && cut.first === 0) {
      this.#routes.push({ server: cut.server, steps: packet.links.routeOf(packet) })
    }
    this.#chunksFetched += chunks
    this.#bytesRead += bytes
    this.#lightMs = Math.max(this.#lightMs, packet.lightMs)
    while (this.#hops.length <= packet.hops) this.#hops.push(0)
    this.#hops[packet.hops] = (this.#hops[packet.hops] as number) + chunks
  }

  /** All that there is of one packet's chunks has come. */
  settled(index: number, cut: PacketCut, complete: boolean): void {
    if (!complete) this.#broken[index] = 1
    this.#open[index] = (this.#open[index] as number) - 1
    this.#window.leave(cut.windowBytes)
    if (this.#open[index] !== 0) return
    if (this.#broken[index] === 1) this.ground.purge(this.#blocks[index] as number)
    this.#openBlocks -= 1
    if (this.#openBlocks === 0) this.#finish()
  }

  #finish(): void {
    const purged = [...this.#broken.keys()].filter((index) => this.#broken[index] === 1)
    const nothing = this.#chunksFetched === 0
    this.#done({
      blocks: purged[0] ?? this.#blocks.length,
      purged,
      chunksFetched: this.#chunksFetched,
      bytesRead: this.#bytesRead,
      hopsHistogram: this.#hops,
      routes: this.#routes,
      lightMs: nothing ? null : this.#lightMs,
      ms: nothing ? null : this.#answeredMs - (this.#sentMs ?? 0),
    })
  }
}

const nothingMissing: readonly Interval[] = []

/** One packet's chunks, asked for at one place after another until all have come. */
class Inquiry implements Cargo {
  readonly limitMs = answerLimitMs
  readonly #fetch: Fetch
  readonly #block: number
  readonly #cut: PacketCut
  readonly #index: number
  readonly #begunEpoch: number
  readonly #wasRotating: boolean
  #further: Place[] | null = null
  /** What is asked for, and what of it the satellite did not have. */
  #wanted: readonly Interval[]
  #missing: readonly Interval[] = nothingMissing

  constructor(fetch: Fetch, block: number, index: number, cut: PacketCut) {
    this.#fetch = fetch
    this.#block = block
    this.#cut = cut
    this.#index = index
    this.#begunEpoch = fetch.ground.epoch
    this.#wasRotating = fetch.ground.rotating
    this.#wanted = [cut]
  }

  ask(satellite: number, epoch: number): void {
    const { links } = this.#fetch.ground.satellites
    const bytes = getBytes(countOf(this.#wanted))
    links.send(new Packet(links, this, fromHost, satellite, epoch, bytes))
  }

  arrive(packet: Packet): void {
    const { satellites } = this.#fetch.ground
    const { server } = this.#cut
    let missing = nothingMissing
    for (const interval of this.#wanted) {
      const here = satellites.get(packet.destination, this.#block, server, interval)
      if (here !== null) missing = missing.length === 0 ? here : missing.concat(here)
    }
    this.#missing = missing
    const bytes = this.#bytesOf(this.#wanted) - this.#bytesOf(missing)
    packet.links.answer(packet, chunkSetBytes(countOf(this.#wanted), bytes))
  }

  returned(packet: Packet): void {
    const chunks = countOf(this.#wanted) - countOf(this.#missing)
    this.#fetch.arrived(
      packet,
      this.#index,
      this.#cut,
      chunks,
      this.#bytesOf(this.#wanted) - this.#bytesOf(this.#missing),
    )
    this.#wanted = this.#missing
    this.#goOn()
  }

  lost(): void {
    this.#goOn()
  }

  /** To the next place, as long as something is missing and there is one. */
  #goOn(): void {
    const complete = this.#wanted.length === 0
    if (!complete) {
      const { ground } = this.#fetch
      this.#further ??= ground.furtherPlaces(this.#cut.server, this.#begunEpoch, this.#wasRotating)
      const next = this.#further.shift()
      if (next !== undefined) return this.ask(next.satellite, next.epoch)
    }
    this.#fetch.settled(this.#index, this.#cut, complete)
  }

  #bytesOf(intervals: readonly Interval[]): number {
    let bytes = 0
    for (const { first, count } of intervals) {
      bytes += this.#fetch.cut.bytesOf(this.#cut.server, first, count)
    }
    return bytes
  }
}

function countOf(intervals: readonly Interval[]): number {
  let chunks = 0
  for (const { count } of intervals) chunks += count
  return chunks
}
