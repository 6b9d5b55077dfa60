import { RecencyList } from './recency-list'
import { none, RunSlab } from './run-slab'

/** The manifests of all satellites, in the order in which they came. */
export class Manifests {
  /** A manifest is a run without chunks. */
  readonly #runs = new RunSlab()
  readonly #list: RecencyList

  constructor(satellites: number) {
    this.#list = new RecencyList(this.#runs, satellites)
  }

  has(satellite: number, block: number): boolean {
    return this.#runs.find(satellite, block) !== none
  }

  put(satellite: number, block: number): void {
    if (!this.has(satellite, block)) this.#list.append(this.#runs.add(satellite, block, 0, 0, 0))
  }

  /** Answers whether it was there. */
  remove(satellite: number, block: number): boolean {
    const manifest = this.#runs.find(satellite, block)
    if (manifest === none) return false
    this.#list.remove(manifest)
    this.#runs.remove(manifest)
    return true
  }

  /** The blocks whose manifests are there now. */
  of(satellite: number): number[] {
    const blocks: number[] = []
    for (let run = this.#list.oldest(satellite); run !== none; run = this.#runs.newer(run)) {
      blocks.push(this.#runs.block(run))
    }
    return blocks
  }
}
