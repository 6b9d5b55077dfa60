import { shallowRef, triggerRef, type ShallowRef } from 'vue'

export interface Page<Row> {
  readonly total: number
  readonly rows: readonly Row[]
}

const rowsPerPage = 200
/** Pages that stay in memory; the farthest from view are dropped first. */
const pagesKept = 40

/** Rows of a long table, loaded where they come into view. */
export class PagedRows<Row> {
  readonly #load: (offset: number, limit: number) => Promise<Page<Row>>
  readonly #pages = new Map<number, readonly Row[] | 'loading'>()
  readonly total: ShallowRef<number | null> = shallowRef(null)
  /** Changes whenever rows arrived. */
  readonly changes: ShallowRef<object> = shallowRef({})
  #generation = 0

  constructor(load: (offset: number, limit: number) => Promise<Page<Row>>) {
    this.#load = load
  }

  row(index: number): Row | null {
    const page = this.#pages.get(Math.floor(index / rowsPerPage))
    return page === undefined || page === 'loading' ? null : (page[index % rowsPerPage] ?? null)
  }

  /** Forget everything and load again what is asked for next. */
  reset(): void {
    this.#generation++
    this.#pages.clear()
    this.total.value = null
    triggerRef(this.changes)
  }

  /** Load the rows from..to (exclusive) where they are missing. */
  async need(from: number, to: number): Promise<void> {
    const first = Math.max(0, Math.floor(from / rowsPerPage))
    const last = Math.max(first, Math.floor((to - 1) / rowsPerPage))
    const jobs: Promise<void>[] = []
    for (let page = first; page <= last; page++) if (!this.#pages.has(page)) jobs.push(this.#loadPage(page))
    await Promise.all(jobs)
    if (this.#pages.size <= pagesKept) return
    const far = [...this.#pages.keys()].sort((a, b) => Math.abs(b - first) - Math.abs(a - first))
    for (const page of far.slice(0, this.#pages.size - pagesKept)) this.#pages.delete(page)
  }

  async #loadPage(page: number): Promise<void> {
    const generation = this.#generation
    this.#pages.set(page, 'loading')
    try {
      const answer = await this.#load(page * rowsPerPage, rowsPerPage)
      if (generation !== this.#generation) return
      this.#pages.set(page, answer.rows)
      this.total.value = answer.total
      this.changes.value = {}
    } catch (thrown) {
      if (generation === this.#generation) this.#pages.delete(page)
      throw thrown
    }
  }
}
