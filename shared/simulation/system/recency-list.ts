import { none, type RunSlab } from './run-slab'

/** One list of runs for every satellite, oldest first: a run is in at most one such list. */
export class RecencyList {
  readonly #runs: RunSlab
  readonly #oldest: Int32Array
  readonly #newest: Int32Array

  constructor(runs: RunSlab, satellites: number) {
    this.#runs = runs
    this.#oldest = new Int32Array(satellites).fill(none)
    this.#newest = new Int32Array(satellites).fill(none)
  }

  oldest(satellite: number): number {
    return this.#oldest[satellite] as number
  }

  newest(satellite: number): number {
    return this.#newest[satellite] as number
  }

  append(run: number): void {
    const runs = this.#runs
    const satellite = runs.satellite(run)
    const last = this.#newest[satellite] as number
    runs.setOlder(run, last)
    runs.setNewer(run, none)
    if (last === none) this.#oldest[satellite] = run
    else runs.setNewer(last, run)
    this.#newest[satellite] = run
  }

  /** Put a run right behind another one, which is in the list. */
  insertAfter(before: number, run: number): void {
    const runs = this.#runs
    const after = runs.newer(before)
    if (after === none) return this.append(run)
    runs.setOlder(run, before)
    runs.setNewer(run, after)
    runs.setNewer(before, run)
    runs.setOlder(after, run)
  }

  remove(run: number): void {
    const runs = this.#runs
    const satellite = runs.satellite(run)
    const before = runs.older(run)
    const after = runs.newer(run)
    if (before === none) this.#oldest[satellite] = after
    else runs.setNewer(before, after)
    if (after === none) this.#newest[satellite] = before
    else runs.setOlder(after, before)
  }
}
