import { quantile } from '#shared/stats/quantile'

/** A number a bin: how the values in it become one point. */
export type Statistic = 'mean' | 'p50' | 'p95'

export interface Point {
  readonly x: number
  readonly y: number
}

interface Bin {
  values: Float64Array
  length: number
  sum: number
  weight: number
}

interface Cache {
  readonly byBin: Map<number, Point>
  points: readonly Point[]
  /** Bins that changed since; empty = nothing changed. */
  dirtyFrom: number
  dirtyTo: number
}

/** Values of one bin that are kept for quantiles; more are counted in sums only. */
export const valuesPerBin = 8_192

/**
 * Values in bins along x, each bin the window of one point of a chart.
 * A point covers its bin and the `trailing` bins before it, so that a line is calm although a bin holds few values.
 */
export class BinnedValues {
  readonly #bins = new Map<number, Bin>()
  readonly #binWidth: number
  readonly #maxBins: number
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY
  #count = 0
  #left = 0
  /** Points by what they show; only those near changed bins are computed again. */
  readonly #caches = new Map<string, Cache>()

  constructor(binWidth: number, maxBins = 3_600) {
    if (!(binWidth > 0)) throw new RangeError(`a bin cannot be ${binWidth} wide`)
    this.#binWidth = binWidth
    this.#maxBins = maxBins
  }

  /** Values that were added and are not NaN. */
  get count(): number {
    return this.#count
  }

  /** Values that the chart no longer shows: in bins beyond `maxBins`, or beyond `valuesPerBin`. */
  get left(): number {
    return this.#left
  }

  /** @param weight what the value counts for in `ratio` and `mean`; the value itself for quantiles counts once */
  add(x: number, value: number, weight = 1): void {
    if (Number.isNaN(value) || Number.isNaN(x)) return
    const number = Math.floor(x / this.#binWidth)
    if (this.#bins.size > 0 && number <= this.#last - this.#maxBins) {
      this.#left++
      return
    }
    let bin = this.#bins.get(number)
    if (bin === undefined) {
      bin = { values: new Float64Array(8), length: 0, sum: 0, weight: 0 }
      this.#bins.set(number, bin)
      this.#first = Math.min(this.#first, number)
      this.#last = Math.max(this.#last, number)
      this.#forgetOld()
    }
    if (bin.length === bin.values.length && bin.length < valuesPerBin) {
      const larger = new Float64Array(bin.values.length * 2)
      larger.set(bin.values)
      bin.values = larger
    }
    if (bin.length < valuesPerBin) bin.values[bin.length++] = value
    else this.#left++
    bin.sum += value
    bin.weight += weight
    this.#count++
    for (const cache of this.#caches.values()) {
      cache.dirtyFrom = Math.min(cache.dirtyFrom, number)
      cache.dirtyTo = Math.max(cache.dirtyTo, number)
    }
  }

  /** One point for each bin that has values in its window, at the bin's middle. */
  points(statistic: Statistic, trailing: number): readonly Point[] {
    return this.#cached(
      `${statistic} ${trailing}`,
      (bins) => {
        if (statistic === 'mean') return sumOf(bins, 'sum') / sumOf(bins, 'weight')
        return quantileOf(bins, statistic === 'p50' ? 0.5 : 0.95)
      },
      trailing,
    )
  }

  /** Sum of the values over the sum of the weights: a rate such as hit blocks over blocks. */
  ratios(trailing: number): readonly Point[] {
    return this.#cached(
      `ratio ${trailing}`,
      (bins) => {
        const weight = sumOf(bins, 'weight')
        return weight === 0 ? Number.NaN : sumOf(bins, 'sum') / weight
      },
      trailing,
    )
  }

  /** Sum of the values for each unit of x. A bin without values counts as 0. */
  perUnit(trailing: number): readonly Point[] {
    return this.#cached(
      `per unit ${trailing}`,
      (bins, width) => sumOf(bins, 'sum') / (width * this.#binWidth),
      trailing,
      true,
    )
  }

  #cached(
    key: string,
    reduce: (bins: readonly Bin[], width: number) => number,
    trailing: number,
    emptyToo = false,
  ): readonly Point[] {
    let cache = this.#caches.get(key)
    if (cache === undefined) {
      cache = { byBin: new Map(), points: [], dirtyFrom: this.#first, dirtyTo: this.#last }
      this.#caches.set(key, cache)
    }
    if (cache.dirtyFrom > cache.dirtyTo) return cache.points
    // A bin that stands in the window of later points changes them too.
    const to = Math.min(this.#last, cache.dirtyTo + trailing)
    for (let number = Math.max(this.#first, cache.dirtyFrom); number <= to; number++) {
      const from = Math.max(this.#first, number - trailing)
      const window: Bin[] = []
      for (let one = from; one <= number; one++) {
        const bin = this.#bins.get(one)
        if (bin) window.push(bin)
      }
      const empty = !emptyToo && !this.#bins.has(number)
      const y = empty ? Number.NaN : reduce(window, number - from + 1)
      if (Number.isNaN(y)) cache.byBin.delete(number)
      else cache.byBin.set(number, { x: (number + 0.5) * this.#binWidth, y })
    }
    cache.dirtyFrom = Number.POSITIVE_INFINITY
    cache.dirtyTo = Number.NEGATIVE_INFINITY
    cache.points = [...cache.byBin].sort(([a], [b]) => a - b).map(([, point]) => point)
    return cache.points
  }

  #forgetOld(): void {
    while (this.#last - this.#first >= this.#maxBins) {
      const old = this.#bins.get(this.#first)
      if (old) this.#left += old.length
      this.#bins.delete(this.#first)
      for (const cache of this.#caches.values()) cache.byBin.delete(this.#first)
      this.#first++
    }
  }
}

function sumOf(bins: readonly Bin[], what: 'sum' | 'weight'): number {
  let sum = 0
  for (const bin of bins) sum += bin[what]
  return sum
}

function quantileOf(bins: readonly Bin[], q: number): number {
  let length = 0
  for (const bin of bins) length += bin.length
  if (length === 0) return Number.NaN
  const sorted = new Float64Array(length)
  let at = 0
  for (const bin of bins) {
    sorted.set(bin.values.subarray(0, bin.length), at)
    at += bin.length
  }
  sorted.sort()
  return quantile(sorted, q)!
}
