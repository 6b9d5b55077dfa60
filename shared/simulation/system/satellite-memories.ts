import type { BlockCut } from './block-cut'
import { RecencyList } from './recency-list'
import { none, RunSlab } from './run-slab'

/** Consecutive chunks of one server, counted among its own. */
export interface Interval {
  readonly first: number
  readonly count: number
}

/** Chunks of one block as they lie on one satellite. */
export interface StoredRun extends Interval {
  readonly block: number
  readonly server: number
}

/** Runs as they were at one moment: four numbers each, as there may be millions. */
export class StoredRuns {
  readonly #numbers: Int32Array

  /** @param numbers block, server, first, count of every run */
  constructor(numbers: Int32Array) {
    this.#numbers = numbers
  }

  get length(): number {
    return this.#numbers.length / 4
  }

  block(index: number): number {
    return this.#numbers[index * 4] as number
  }

  run(index: number): StoredRun {
    const numbers = this.#numbers
    const at = index * 4
    return {
      block: numbers[at] as number,
      server: numbers[at + 1] as number,
      first: numbers[at + 2] as number,
      count: numbers[at + 3] as number,
    }
  }
}

/**
 * The memories of all satellites, with exactly the semantics of the agents' chunk store: chunks under a byte budget,
 * least recently used evicted one by one, a request for several chunks touching them in order; manifests outside the
 * budget. Neighbouring chunks that were used together are one run, so that work is by run and not by chunk.
 */
export class SatelliteMemories {
  readonly #cut: BlockCut
  readonly #budgetBytes: number
  readonly #runs = new RunSlab()
  readonly #chunkList: RecencyList
  readonly #manifestList: RecencyList
  readonly #bytes: Float64Array
  readonly #chunks: Float64Array
  #totalBytes = 0
  #evictedChunks = 0
  #evictedBlocks: number[] = []

  /** @param budgetBytes of each satellite; 0 stores nothing */
  constructor(satellites: number, budgetBytes: number, cut: BlockCut) {
    this.#cut = cut
    this.#budgetBytes = budgetBytes
    this.#chunkList = new RecencyList(this.#runs, satellites)
    this.#manifestList = new RecencyList(this.#runs, satellites)
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
      const run = this.#runWith(satellite, block, server, chunk)
      if (run !== none) {
        chunk += this.#touch(run, chunk, end)
        continue
      }
      const stop = Math.min(end, this.#nextStored(satellite, block, server, chunk))
      this.#append(satellite, block, server, chunk, stop - chunk)
      const bytes = this.#cut.bytesOf(server, chunk, stop - chunk)
      this.#totalBytes += bytes
      this.#bytes[satellite] = (this.#bytes[satellite] as number) + bytes
      this.#chunks[satellite] = (this.#chunks[satellite] as number) + stop - chunk
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
      const run = this.#runWith(satellite, block, server, chunk)
      if (run !== none) {
        chunk += this.#touch(run, chunk, end)
        continue
      }
      const stop = Math.min(end, this.#nextStored(satellite, block, server, chunk))
      missing ??= []
      missing.push({ first: chunk, count: stop - chunk })
      chunk = stop
    }
    return missing
  }

  hasManifest(satellite: number, block: number): boolean {
    return this.#manifest(satellite, block) !== none
  }

  putManifest(satellite: number, block: number): void {
    if (this.#manifest(satellite, block) !== none) return
    this.#manifestList.append(this.#runs.add(satellite, block, 0, 0, 0))
  }

  removeManifest(satellite: number, block: number): void {
    const run = this.#manifest(satellite, block)
    if (run === none) return
    this.#manifestList.remove(run)
    this.#runs.remove(run)
  }

  /** Whether anything of the block is there. */
  holds(satellite: number, block: number): boolean {
    return this.#runs.find(satellite, block) !== none
  }

  /** Removes everything of a block; answers whether its manifest was there. */
  removeBlock(satellite: number, block: number): boolean {
    let hadManifest = false
    for (let run = this.#runs.find(satellite, block); run !== none; run = this.#runs.find(satellite, block)) {
      if (this.#runs.count[run] === 0) {
        hadManifest = true
        this.#manifestList.remove(run)
        this.#runs.remove(run)
      } else {
        this.#shorten(run, this.#runs.count[run] as number)
      }
    }
    return hadManifest
  }

  /** Removes what is there of some chunks. */
  removeChunks(satellite: number, { block, server, first, count }: StoredRun): void {
    const end = first + count
    for (let chunk = first; chunk < end;) {
      const run = this.#runWith(satellite, block, server, chunk)
      if (run === none) {
        chunk = this.#nextStored(satellite, block, server, chunk)
        continue
      }
      const alone = this.#cutOut(run, chunk, Math.min(end, this.#endOf(run)))
      chunk = this.#endOf(alone)
      this.#shorten(alone, this.#runs.count[alone] as number)
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
    const { block, server, first, count, newer } = this.#runs
    let length = 0
    const oldest = this.#chunkList.oldest(satellite)
    for (let run = oldest; run !== none; run = newer[run] as number) length += 1
    const numbers = new Int32Array(length * 4)
    let at = 0
    for (let run = oldest; run !== none; run = newer[run] as number) {
      numbers[at++] = block[run] as number
      numbers[at++] = server[run] as number
      numbers[at++] = first[run] as number
      numbers[at++] = count[run] as number
    }
    return new StoredRuns(numbers)
  }

  /** Whether a block's chunks on this satellite lie in several runs. */
  isScattered(satellite: number, block: number): boolean {
    const { next, count } = this.#runs
    let runs = 0
    for (let run = this.#runs.find(satellite, block); run !== none; run = next[run] as number) {
      if (count[run] !== 0) runs += 1
    }
    return runs > 1
  }

  /** The blocks whose manifests are there, in the order in which they came. */
  manifests(satellite: number): number[] {
    const blocks: number[] = []
    const { block, newer } = this.#runs
    for (let run = this.#manifestList.oldest(satellite); run !== none; run = newer[run] as number) {
      blocks.push(block[run] as number)
    }
    return blocks
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

  #endOf(run: number): number {
    return (this.#runs.first[run] as number) + (this.#runs.count[run] as number)
  }

  #manifest(satellite: number, block: number): number {
    const runs = this.#runs
    let run = runs.find(satellite, block)
    while (run !== none && runs.count[run] !== 0) run = runs.next[run] as number
    return run
  }

  #runWith(satellite: number, block: number, server: number, chunk: number): number {
    const runs = this.#runs
    for (let run = runs.find(satellite, block); run !== none; run = runs.next[run] as number) {
      const offset = chunk - (runs.first[run] as number)
      if (runs.server[run] === server && offset >= 0 && offset < (runs.count[run] as number)) return run
    }
    return none
  }

  /** The first stored chunk after this one; Infinity when there is none. */
  #nextStored(satellite: number, block: number, server: number, chunk: number): number {
    const runs = this.#runs
    let next = Infinity
    for (let run = runs.find(satellite, block); run !== none; run = runs.next[run] as number) {
      const first = runs.first[run] as number
      if (runs.count[run] !== 0 && runs.server[run] === server && first > chunk && first < next) next = first
    }
    return next
  }

  /** Makes chunks from this one on the most recently used, as far as its run and `end` go; answers how many. */
  #touch(run: number, chunk: number, end: number): number {
    const runs = this.#runs
    const satellite = runs.satellite[run] as number
    const stop = Math.min(end, this.#endOf(run))
    const isNewest = this.#chunkList.newest(satellite) === run
    // The end of the newest run already is what was used last.
    if (isNewest && stop === this.#endOf(run)) return stop - chunk
    const alone = this.#cutOut(run, chunk, stop)
    this.#chunkList.remove(alone)
    if (!this.#joinNewest(alone, satellite)) this.#chunkList.append(alone)
    return stop - chunk
  }

  /** When a run goes on where the newest one ends, it becomes part of that one. */
  #joinNewest(run: number, satellite: number): boolean {
    const runs = this.#runs
    const newest = this.#chunkList.newest(satellite)
    if (
      newest === none ||
      runs.block[newest] !== runs.block[run] ||
      runs.server[newest] !== runs.server[run] ||
      this.#endOf(newest) !== runs.first[run]
    ) {
      return false
    }
    runs.count[newest] = (runs.count[newest] as number) + (runs.count[run] as number)
    runs.remove(run)
    return true
  }

  #append(satellite: number, block: number, server: number, first: number, count: number): void {
    const runs = this.#runs
    const newest = this.#chunkList.newest(satellite)
    if (
      newest !== none &&
      runs.block[newest] === block &&
      runs.server[newest] === server &&
      this.#endOf(newest) === first
    ) {
      runs.count[newest] = (runs.count[newest] as number) + count
      return
    }
    this.#chunkList.append(runs.add(satellite, block, server, first, count))
  }

  /** Makes the chunks from `chunk` to `stop` a run of their own, in its place of the list. */
  #cutOut(run: number, chunk: number, stop: number): number {
    const runs = this.#runs
    const first = runs.first[run] as number
    const end = this.#endOf(run)
    const satellite = runs.satellite[run] as number
    const block = runs.block[run] as number
    const server = runs.server[run] as number
    if (stop < end) {
      const rest = runs.add(satellite, block, server, stop, end - stop)
      this.#chunkList.insertAfter(run, rest)
      runs.count[run] = stop - first
    }
    if (chunk === first) return run
    const alone = runs.add(satellite, block, server, chunk, stop - chunk)
    this.#chunkList.insertAfter(run, alone)
    runs.count[run] = chunk - first
    return alone
  }

  /** Evicts the least recently used chunks until the rest fits. */
  #evict(satellite: number): void {
    const runs = this.#runs
    for (;;) {
      const excess = (this.#bytes[satellite] as number) - this.#budgetBytes
      if (excess <= 0) return
      const run = this.#chunkList.oldest(satellite)
      const count = Math.min(runs.count[run] as number, Math.ceil(excess / this.#cut.chunkBytes))
      const block = runs.block[run] as number
      this.#evictedChunks += count
      if (!this.#evictedBlocks.includes(block)) this.#evictedBlocks.push(block)
      this.#shorten(run, count)
    }
  }

  /** Removes the first chunks of a run, and the run with its last one. */
  #shorten(run: number, chunks: number): void {
    const runs = this.#runs
    const satellite = runs.satellite[run] as number
    const first = runs.first[run] as number
    const bytes = this.#cut.bytesOf(runs.server[run] as number, first, chunks)
    this.#totalBytes -= bytes
    this.#bytes[satellite] = (this.#bytes[satellite] as number) - bytes
    this.#chunks[satellite] = (this.#chunks[satellite] as number) - chunks
    if (chunks === runs.count[run]) {
      this.#chunkList.remove(run)
      runs.remove(run)
    } else {
      runs.first[run] = first + chunks
      runs.count[run] = (runs.count[run] as number) - chunks
    }
  }
}
