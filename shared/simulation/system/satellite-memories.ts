import type { BlockCut } from './block-cut'
import { ChunkRuns } from './chunk-runs'
import { Manifests } from './manifests'
import { none } from './run-slab'
import { add } from './satellite-counts'
import type { Interval, StoredRun, StoredRuns } from './stored-runs'

/**
 * The memories of all satellites, with exactly the semantics of the agents' chunk store: chunks under a byte budget,
 * least recently used evicted one by one, a request for several chunks touching them in order; manifests outside the
 * budget.
 */
export class SatelliteMemories {
  readonly manifests: Manifests
  readonly #cut: BlockCut
  readonly #budgetBytes: number
  readonly #runs: ChunkRuns
  readonly #bytes: Float64Array
  readonly #chunks: Float64Array
  #totalBytes = 0
  #evictedChunks = 0
  #evictedBlocks: number[] = []

  /** @param budgetBytes of each satellite; 0 stores nothing */
  constructor(satellites: number, budgetBytes: number, cut: BlockCut) {
    this.#cut = cut
    this.#budgetBytes = budgetBytes
    this.#runs = new ChunkRuns(satellites)
    this.manifests = new Manifests(satellites)
    this.#bytes = new Float64Array(satellites)
    this.#chunks = new Float64Array(satellites)
  }

  /** Stored on all satellites together. */
  get totalBytes(): number {
    return this.#totalBytes
  }

  bytesOf(satellite: number): number {
    return this.#bytes[satellite] as number
  }

  chunksOf(satellite: number): number {
    return this.#chunks[satellite] as number
  }

  /**
   * Stores chunks, one after another, and answers how many of them fit at all. What they evicted waits in `takeEvicted`.
   */
  set(satellite: number, block: number, server: number, { first, count }: Interval): number {
    const storable = this.#storable(server, first, count)
    const end = storable.first + storable.count
    for (let chunk = storable.first; chunk < end;) {
      const ofBlock = this.#runs.ofBlock(satellite, block)
      const run = this.#runs.with(ofBlock, server, chunk)
      if (run !== none) {
        chunk = this.#touch(run, chunk, end)
        continue
      }
      const stop = Math.min(end, this.#runs.nextStored(ofBlock, server, chunk))
      this.#runs.append(satellite, block, server, chunk, stop - chunk)
      this.#count(satellite, stop - chunk, this.#cut.bytesOf(server, chunk, stop - chunk))
      this.#evict(satellite)
      chunk = stop
    }
    return storable.count
  }

  /**
   * Touches chunks, in order, as a reader does.
   * @returns those that are missing, or null when none is
   */
  get(satellite: number, block: number, server: number, { first, count }: Interval): Interval[] | null {
    let missing: Interval[] | null = null
    const end = first + count
    for (let chunk = first; chunk < end;) {
      const ofBlock = this.#runs.ofBlock(satellite, block)
      const run = this.#runs.with(ofBlock, server, chunk)
      if (run !== none) {
        chunk = this.#touch(run, chunk, end)
        continue
      }
      const stop = Math.min(end, this.#runs.nextStored(ofBlock, server, chunk))
      missing ??= []
      missing.push({ first: chunk, count: stop - chunk })
      chunk = stop
    }
    return missing
  }

  /** Removes everything of a block; answers whether its manifest was there. */
  removeBlock(satellite: number, block: number): boolean {
    const runs = this.#runs
    for (let run = runs.ofBlock(satellite, block); run !== none; run = runs.ofBlock(satellite, block)) {
      this.#remove(satellite, run, runs.first(run), runs.end(run))
    }
    return this.manifests.remove(satellite, block)
  }

  /** Removes what is there of some chunks. */
  removeChunks(satellite: number, { block, server, first, count }: StoredRun): void {
    const end = first + count
    for (let chunk = first; chunk < end;) {
      const ofBlock = this.#runs.ofBlock(satellite, block)
      const run = this.#runs.with(ofBlock, server, chunk)
      if (run === none) {
        chunk = this.#runs.nextStored(ofBlock, server, chunk)
        continue
      }
      const stop = Math.min(end, this.#runs.end(run))
      this.#remove(satellite, run, chunk, stop)
      chunk = stop
    }
  }

  /** The chunks that the budget has cost since the last call, and their blocks, each once, in the order of their losses. */
  takeEvicted(): { chunks: number; blocks: readonly number[] } | null {
    if (this.#evictedChunks === 0) return null
    const evicted = { chunks: this.#evictedChunks, blocks: this.#evictedBlocks }
    this.#evictedChunks = 0
    this.#evictedBlocks = []
    return evicted
  }

  /** All chunks of a satellite as they are now, least recently used first. */
  oldestFirst(satellite: number): StoredRuns {
    return this.#runs.oldestFirst(satellite)
  }

  /** Of some chunks, those that a satellite of this budget could hold. */
  #storable(server: number, first: number, count: number): Interval {
    if (this.#budgetBytes === 0) return { first, count: 0 }
    if (this.#cut.chunkBytes <= this.#budgetBytes) return { first, count }
    // No full chunk fits, but the last one of a block may be short enough.
    const last = first + count - 1
    const fits = count > 0 && this.#cut.bytesOf(server, last, 1) <= this.#budgetBytes
    return { first: last, count: fits ? 1 : 0 }
  }

  /** Touches chunks from this one on, as far as its run and `end` go; answers the chunk behind them. */
  #touch(run: number, chunk: number, end: number): number {
    const stop = Math.min(end, this.#runs.end(run))
    this.#runs.touch(run, chunk, stop)
    return stop
  }

  /** Evicts the least recently used chunks until the rest fits. */
  #evict(satellite: number): void {
    const runs = this.#runs
    for (;;) {
      const excess = (this.#bytes[satellite] as number) - this.#budgetBytes
      if (excess <= 0) return
      const run = runs.oldest(satellite)
      const count = Math.min(runs.count(run), Math.ceil(excess / this.#cut.chunkBytes))
      const block = runs.block(run)
      this.#evictedChunks += count
      if (!this.#evictedBlocks.includes(block)) this.#evictedBlocks.push(block)
      this.#remove(satellite, run, runs.first(run), runs.first(run) + count)
    }
  }

  /** Removes the chunks of a run from `first` to `end`. */
  #remove(satellite: number, run: number, first: number, end: number): void {
    const bytes = this.#cut.bytesOf(this.#runs.server(run), first, end - first)
    this.#runs.remove(run, first, end)
    this.#count(satellite, first - end, -bytes)
  }

  /** More chunks, or fewer, are stored. */
  #count(satellite: number, chunks: number, bytes: number): void {
    this.#totalBytes += bytes
    add(this.#bytes, satellite, bytes)
    add(this.#chunks, satellite, chunks)
  }
}
