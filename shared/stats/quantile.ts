/** Quantiles and means. Null where there is nothing to measure: never 0. */

/**
 * Quantile of type 7 (Hyndman & Fan 1996; the default of R and NumPy): linear interpolation at rank (n - 1) q.
 * @param sorted ascending
 * @param q 0..1
 */
export function quantile(sorted: ArrayLike<number>, q: number): number | null {
  const count = sorted.length
  if (count === 0) return null
  const rank = (count - 1) * q
  const below = Math.floor(rank)
  return interpolate(sorted[below] as number, sorted[Math.min(below + 1, count - 1)] as number, rank - below)
}

/** The same quantile of the values that a histogram counts: histogram[v] = how often the value v was seen. */
export function histogramQuantile(histogram: ArrayLike<number>, q: number): number | null {
  const count = histogramCount(histogram)
  if (count === 0) return null
  const rank = (count - 1) * q
  const below = Math.floor(rank)
  const lower = valueAtRank(histogram, below)
  return interpolate(lower, valueAtRank(histogram, Math.min(below + 1, count - 1)), rank - below)
}

function interpolate(lower: number, upper: number, fraction: number): number {
  // Not lower * (1 - f) + upper * f: equal neighbours must give exactly their value.
  return lower + (upper - lower) * fraction
}

function valueAtRank(histogram: ArrayLike<number>, rank: number): number {
  let passed = 0
  for (let value = 0; value < histogram.length; value++) {
    passed += histogram[value] as number
    if (passed > rank) return value
  }
  throw new RangeError(`rank ${rank} is beyond the histogram's ${passed} values`)
}

export function histogramCount(histogram: ArrayLike<number>): number {
  let count = 0
  for (let value = 0; value < histogram.length; value++) count += histogram[value] as number
  return count
}

export function histogramMean(histogram: ArrayLike<number>): number | null {
  let count = 0
  let sum = 0
  for (let value = 0; value < histogram.length; value++) {
    count += histogram[value] as number
    sum += value * (histogram[value] as number)
  }
  return count === 0 ? null : sum / count
}

/** The largest value that was seen. */
export function histogramMax(histogram: ArrayLike<number>): number | null {
  for (let value = histogram.length - 1; value >= 0; value--) {
    if ((histogram[value] as number) > 0) return value
  }
  return null
}

/** The histogram of the values of several. */
export function addHistograms(histograms: Iterable<ArrayLike<number>>): number[] {
  const total: number[] = []
  for (const histogram of histograms) {
    for (let value = 0; value < histogram.length; value++) {
      total[value] = (total[value] ?? 0) + (histogram[value] as number)
    }
  }
  return total
}

export function mean(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] as number
  return sum / values.length
}

/** Ascending copy of the measured values: nulls are left out. */
export function measured(values: Iterable<number | null>): Float64Array {
  const numbers: number[] = []
  for (const value of values) if (value !== null) numbers.push(value)
  return Float64Array.from(numbers).sort()
}

export interface Summary {
  readonly count: number
  readonly mean: number | null
  readonly min: number | null
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  readonly max: number | null
}

/** The usual figures of some values; nulls are left out. */
export function summary(values: Iterable<number | null>): Summary {
  const sorted = measured(values)
  return {
    count: sorted.length,
    mean: mean(sorted),
    min: quantile(sorted, 0),
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  }
}
