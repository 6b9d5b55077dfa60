import { positionOf, type Torus } from '../../constellation/torus'
import type { SatelliteCounters } from '../../experiment/records'
import type { SatelliteMemories } from './satellite-memories'

/** What every satellite has counted, by satellite index. */
export class SatelliteCounts {
  readonly gets: Float64Array
  readonly sets: Float64Array
  readonly misses: Float64Array
  readonly evictions: Float64Array
  readonly forwarded: Float64Array
  readonly migratedIn: Float64Array
  readonly migratedOut: Float64Array
  readonly migratedBytes: Float64Array
  readonly purgedBlocks: Float64Array
  readonly dropped: Float64Array
  totalEvictions = 0
  totalMigratedIn = 0
  readonly #torus: Torus

  constructor(torus: Torus) {
    this.#torus = torus
    const zeros = (): Float64Array => new Float64Array(torus.slots * torus.planes)
    this.gets = zeros()
    this.sets = zeros()
    this.misses = zeros()
    this.evictions = zeros()
    this.forwarded = zeros()
    this.migratedIn = zeros()
    this.migratedOut = zeros()
    this.migratedBytes = zeros()
    this.purgedBlocks = zeros()
    this.dropped = zeros()
  }

  /** The counters of all satellites as agents report them, plane by plane. */
  snapshot(memories: SatelliteMemories): SatelliteCounters[] {
    return Array.from(this.gets, (gets, satellite) => ({
      ...positionOf(this.#torus, satellite),
      chunks: memories.chunksOf(satellite),
      bytes: memories.bytesOf(satellite),
      gets,
      sets: this.sets[satellite] as number,
      misses: this.misses[satellite] as number,
      evictions: this.evictions[satellite] as number,
      forwarded: this.forwarded[satellite] as number,
      migratedIn: this.migratedIn[satellite] as number,
      migratedOut: this.migratedOut[satellite] as number,
      migratedBytes: this.migratedBytes[satellite] as number,
      purgedBlocks: this.purgedBlocks[satellite] as number,
      dropped: this.dropped[satellite] as number,
    }))
  }
}

export function add(counts: Float64Array, satellite: number, amount: number): void {
  counts[satellite] = (counts[satellite] as number) + amount
}
