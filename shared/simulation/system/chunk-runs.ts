import { RecencyList } from './recency-list'
import { none, RunSlab } from './run-slab'
import { StoredRuns } from './stored-runs'

/**
 * The chunks of all satellites in the order of their use, as runs: neighbouring chunks that were used one after another are
 * one run, so that work is by run and not by chunk. Nothing here knows of bytes.
 */
export class ChunkRuns {
  readonly #runs = new RunSlab()
  readonly #list: RecencyList
  /** Runs on each satellite. */
  readonly #lengths: Int32Array

  constructor(satellites: number) {
    this.#list = new RecencyList(this.#runs, satellites)
    this.#lengths = new Int32Array(satellites)
  }

  block(run: number): number {
    return this.#runs.block(run)
  }

  server(run: number): number {
    return this.#runs.server(run)
  }

  first(run: number): number {
    return this.#runs.first(run)
  }

  count(run: number): number {
    return this.#runs.count(run)
  }

  end(run: number): number {
    return this.#runs.end(run)
  }

  /** The run of the satellite's least recently used chunk, which is its first one; or `none`. */
  oldest(satellite: number): number {
    return this.#list.oldest(satellite)
  }

  /** The first of a block's runs on a satellite, in no order; or `none`. */
  ofBlock(satellite: number, block: number): number {
    return this.#runs.find(satellite, block)
  }

  /** The run that holds a chunk, of a block's runs on a satellite; or `none`. @param run the first of them */
  with(run: number, server: number, chunk: number): number {
    const runs = this.#runs
    for (; run !== none; run = runs.next(run)) {
      const offset = chunk - runs.first(run)
      if (runs.server(run) === server && offset >= 0 && offset < runs.count(run)) return run
    }
    return none
  }

  /** The first stored chunk after this one; Infinity when there is none. @param run as in `with` */
  nextStored(run: number, server: number, chunk: number): number {
    const runs = this.#runs
    let nearest = Infinity
    for (; run !== none; run = runs.next(run)) {
      const first = runs.first(run)
      if (runs.server(run) === server && first > chunk && first < nearest) nearest = first
    }
    return nearest
  }

  /** Adds chunks, none of which is there, as the most recently used ones. */
  append(satellite: number, block: number, server: number, first: number, count: number): void {
    const runs = this.#runs
    const newest = this.#list.newest(satellite)
    if (newest !== none && runs.end(newest) === first && this.#isOf(newest, block, server)) {
      runs.setChunks(newest, runs.first(newest), runs.count(newest) + count)
      return
    }
    this.#list.append(runs.add(satellite, block, server, first, count))
    this.#lengths[satellite] = (this.#lengths[satellite] as number) + 1
  }

  /** Makes the chunks of a run from `first` to `end` the most recently used ones. */
  touch(run: number, first: number, end: number): void {
    const runs = this.#runs
    const satellite = runs.satellite(run)
    // The end of the newest run already is what was used last.
    if (end === runs.end(run) && run === this.#list.newest(satellite)) return
    const [block, server] = [runs.block(run), runs.server(run)]
    this.remove(run, first, end)
    this.append(satellite, block, server, first, end - first)
  }

  /** Removes the chunks of a run from `first` to `end`; what stays keeps its place in the order. */
  remove(run: number, first: number, end: number): void {
    const runs = this.#runs
    const [runFirst, runEnd] = [runs.first(run), runs.end(run)]
    if (first > runFirst) {
      runs.setChunks(run, runFirst, first - runFirst)
      if (end < runEnd) this.#insertAfter(run, end, runEnd - end)
    } else if (end < runEnd) {
      runs.setChunks(run, end, runEnd - end)
    } else {
      const satellite = runs.satellite(run)
      this.#lengths[satellite] = (this.#lengths[satellite] as number) - 1
      this.#list.remove(run)
      runs.remove(run)
    }
  }

  /** All chunks of a satellite as they are now, least recently used first. */
  oldestFirst(satellite: number): StoredRuns {
    const runs = this.#runs
    const stored = new StoredRuns(this.#lengths[satellite] as number)
    for (let run = this.#list.oldest(satellite); run !== none; run = runs.newer(run)) {
      stored.push(runs.block(run), runs.server(run), runs.first(run), runs.count(run))
      if (runs.next(run) !== none) stored.scattered.add(runs.block(run))
    }
    return stored
  }

  #isOf(run: number, block: number, server: number): boolean {
    return this.#runs.block(run) === block && this.#runs.server(run) === server
  }

  /** Chunks of the same block and server, used right after those of a run. */
  #insertAfter(run: number, first: number, count: number): void {
    const runs = this.#runs
    const satellite = runs.satellite(run)
    const rest = runs.add(satellite, runs.block(run), runs.server(run), first, count)
    this.#list.insertAfter(run, rest)
    this.#lengths[satellite] = (this.#lengths[satellite] as number) + 1
  }
}
