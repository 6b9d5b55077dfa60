import { packetBytes } from '../../kvc/block-shape'
import type { BlockCut } from './block-cut'
import type { SatelliteMemories } from './satellite-memories'
import { StoredRuns, type StoredRun } from './stored-runs'

/** One packet's worth of what moves: chunks of a block, or, without any, its manifest. */
export class Parcel {
  readonly block: number
  readonly runs: StoredRun[] = []
  chunks = 0
  bytes = 0

  constructor(block: number) {
    this.block = block
  }

  add(server: number, first: number, count: number, bytes: number): void {
    this.runs.push({ block: this.block, server, first, count })
    this.chunks += count
    this.bytes += bytes
  }
}

/**
 * Everything that a satellite stores at one moment, parcel by parcel: chunks by block, least recently used first, so that the
 * successor keeps the order, then manifests.
 */
export class Parcels {
  readonly #cut: BlockCut
  readonly #stored: StoredRuns
  readonly #manifests: readonly number[]
  /** The run, and the chunk of it, with which the next parcel begins. */
  #run = 0
  #chunk = 0
  #manifest = 0

  constructor(memories: SatelliteMemories, cut: BlockCut, satellite: number) {
    this.#cut = cut
    this.#stored = byBlock(memories.oldestFirst(satellite))
    this.#manifests = memories.manifests.of(satellite)
  }

  /** Null when there is nothing left. */
  next(): Parcel | null {
    if (this.#run < this.#stored.length) return this.#chunks()
    const block = this.#manifests[this.#manifest++]
    return block === undefined ? null : new Parcel(block)
  }

  /** As many chunks of the next block as fit in a packet, and at least one. */
  #chunks(): Parcel {
    const stored = this.#stored
    const parcel = new Parcel(stored.block(this.#run))
    while (this.#run < stored.length && stored.block(this.#run) === parcel.block) {
      const server = stored.server(this.#run)
      const first = stored.first(this.#run) + this.#chunk
      const rest = stored.count(this.#run) - this.#chunk
      const taken = this.#fitting(parcel, server, first, rest)
      if (taken > 0) parcel.add(server, first, taken, this.#cut.bytesOf(server, first, taken))
      if (taken < rest) {
        this.#chunk += taken
        break
      }
      this.#chunk = 0
      this.#run += 1
    }
    return parcel
  }

  /** How many of some chunks still fit into a parcel. */
  #fitting(parcel: Parcel, server: number, first: number, count: number): number {
    const cut = this.#cut
    const room = packetBytes - parcel.bytes
    const whole = Math.max(0, Math.min(count, Math.floor(room / cut.chunkBytes)))
    // The block's last chunk may be short enough to fit beside a full packet's worth of the others.
    if (whole < count && cut.bytesOf(server, first, whole + 1) <= room) return whole + 1
    return whole === 0 && parcel.chunks === 0 ? 1 : whole
  }
}

/** The same runs, but all of a block where the first of them lies. */
function byBlock(stored: StoredRuns): StoredRuns {
  const { scattered, length } = stored
  if (scattered.size === 0) return stored
  const together = new Map<number, number[]>(Array.from(scattered, (block) => [block, []]))
  for (let i = 0; i < length; i++) together.get(stored.block(i))?.push(i)
  const grouped = new StoredRuns(length)
  for (let i = 0; i < length; i++) {
    const runs = together.get(stored.block(i))
    if (runs === undefined) grouped.copy(stored, i)
    else for (const run of runs.splice(0)) grouped.copy(stored, run)
  }
  return grouped
}
