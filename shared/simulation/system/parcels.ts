import { packetBytes } from '../../kvc/block-shape'
import type { BlockCut } from './block-cut'
import type { SatelliteMemories } from './satellite-memories'
import type { StoredRun } from './stored-runs'

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

/** Everything that a satellite stores now, by block, least recently used first, so that its successor keeps the order. */
export function* packAll(
  memories: SatelliteMemories,
  cut: BlockCut,
  satellite: number,
): Generator<Parcel, undefined> {
  const stored = memories.oldestFirst(satellite)
  const manifests = memories.manifests.of(satellite)
  // Blocks that lie in several runs go together, where the first of them lies.
  const scattered = new Map<number, StoredRun[]>()
  for (let i = 0; i < stored.length; i++) {
    const block = stored.block(i)
    if (!memories.isScattered(satellite, block)) continue
    const runs = scattered.get(block)
    if (runs === undefined) scattered.set(block, [stored.run(i)])
    else runs.push(stored.run(i))
  }
  for (let i = 0; i < stored.length; i++) {
    const block = stored.block(i)
    const runs = scattered.get(block) ?? [stored.run(i)]
    if (runs.length === 0) continue
    yield* pack(cut, block, runs)
    if (scattered.has(block)) scattered.set(block, [])
  }
  for (const block of manifests) yield new Parcel(block)
  return undefined
}

/** Chunks of one block, as many a packet as fit, and at least one, in the order in which they are given. */
function pack(cut: BlockCut, block: number, runs: readonly StoredRun[]): Parcel[] {
  const parcels: Parcel[] = []
  let parcel = new Parcel(block)
  for (const { server, first, count } of runs) {
    const end = first + count
    for (let chunk = first; chunk < end;) {
      let taken = Math.min(end - chunk, Math.floor((packetBytes - parcel.bytes) / cut.chunkBytes))
      // The block's last chunk may be short enough to fit beside a full packet's worth of the others.
      if (chunk + taken < end && parcel.bytes + cut.bytesOf(server, chunk, taken + 1) <= packetBytes)
        taken += 1
      if (taken === 0 && parcel.chunks === 0) taken = 1
      if (taken === 0) {
        parcels.push(parcel)
        parcel = new Parcel(block)
        continue
      }
      parcel.add(server, chunk, taken, cut.bytesOf(server, chunk, taken))
      chunk += taken
    }
  }
  if (parcel.chunks > 0) parcels.push(parcel)
  return parcels
}
