import { BinnedValues, type Point } from './binned-values'
import type { LineSeries } from './chart-spec'
import type { LiveColumn, LiveTrial } from './live-trial'
import { compareSeries, seriesStyles, type SeriesIdentity } from './strategy-style'

export const liveMetrics = ['hitRate', 'hops', 'ttft', 'tpot', 'throughput', 'propagation'] as const
export type LiveMetric = (typeof liveMetrics)[number]
export type TimeAxis = 'trial' | 'run'

export interface LiveView {
  /** Time since each trial began, so that series lie over each other; or since the first trial of the run began. */
  readonly axis: TimeAxis
  readonly statistic: 'p50' | 'p95'
  /** Seconds that a point looks back on. */
  readonly windowS: number
}

const binS = 1

const valueColumn: Record<PooledMetric, LiveColumn> = {
  hitRate: 'blocksHit',
  hops: 'hopsMean',
  ttft: 'ttftMs',
  tpot: 'tpotMs',
  propagation: 'propagationMs',
}

type PooledMetric = Exclude<LiveMetric, 'throughput'>
const pooledMetrics = liveMetrics.filter((metric): metric is PooledMetric => metric !== 'throughput')

interface SeriesBins {
  readonly identity: SeriesIdentity
  /** The requests of all trials of the series together. */
  readonly pooled: Record<PooledMetric, BinnedValues>
  /** Tokens of each trial: repeats that lie over each other must not add up. */
  readonly tokens: Map<LiveTrial, BinnedValues>
  /** Samples of each trial that are already in the bins. */
  readonly taken: Map<LiveTrial, number>
}

/** The series of the live charts, fed from the trials' rings as they grow. */
export class LiveCharts {
  readonly #axis: TimeAxis
  readonly #series = new Map<string, SeriesBins>()

  constructor(axis: TimeAxis) {
    this.#axis = axis
  }

  /** Take what the trials got since the last call. */
  update(trials: Iterable<LiveTrial>): void {
    const all = [...trials]
    const origin = Math.min(...all.map((trial) => trial.startedAt ?? Number.POSITIVE_INFINITY))
    for (const trial of all) {
      const start = this.#axis === 'trial' ? trial.startedAt : origin
      if (start === null || !Number.isFinite(start)) continue
      const bins = this.#binsOf(trial.series)
      const { ring } = trial
      const tokens = bins.tokens.get(trial) ?? new BinnedValues(binS)
      bins.tokens.set(trial, tokens)
      for (let n = Math.max(ring.oldest, bins.taken.get(trial) ?? 0); n < ring.written; n++) {
        const x = (ring.value('at', n) - start) / 1000
        for (const metric of pooledMetrics) {
          const weight = metric === 'hitRate' ? ring.value('blocks', n) : 1
          bins.pooled[metric].add(x, ring.value(valueColumn[metric], n), weight)
        }
        tokens.add(x, ring.value('outputTokens', n))
      }
      bins.taken.set(trial, ring.written)
    }
  }

  series(metric: LiveMetric, view: Omit<LiveView, 'axis'>): LineSeries[] {
    const identities = [...this.#series.values()].map((bins) => bins.identity).sort(compareSeries)
    const styles = seriesStyles(identities)
    return identities.map(({ key }) => {
      const bins = this.#series.get(key)!
      return { key, style: styles.get(key)!, ...valuesOf(bins, metric, view) }
    })
  }

  #binsOf(identity: SeriesIdentity): SeriesBins {
    let bins = this.#series.get(identity.key)
    if (bins === undefined) {
      const pooled = Object.fromEntries(pooledMetrics.map((metric) => [metric, new BinnedValues(binS)]))
      bins = { identity, pooled: pooled as SeriesBins['pooled'], tokens: new Map(), taken: new Map() }
      this.#series.set(identity.key, bins)
    }
    return bins
  }
}

function valuesOf(
  bins: SeriesBins,
  metric: LiveMetric,
  view: Omit<LiveView, 'axis'>,
): Pick<LineSeries, 'points' | 'samples'> {
  const trailing = Math.max(0, Math.round(view.windowS / binS) - 1)
  switch (metric) {
    case 'hitRate':
      return { points: bins.pooled.hitRate.ratios(trailing), samples: bins.pooled.hitRate.count }
    case 'throughput': {
      const trials = [...bins.tokens.values()]
      return {
        // The newest second of a trial is not over yet: its rate would be too low.
        points: meanLine(trials.map((tokens) => tokens.perUnit(trailing).slice(0, -1))),
        samples: trials.reduce((sum, tokens) => sum + tokens.count, 0),
      }
    }
    case 'hops':
    case 'ttft':
    case 'tpot':
    case 'propagation':
      return {
        points: bins.pooled[metric].points(view.statistic, trailing),
        samples: bins.pooled[metric].count,
      }
  }
}

/** The mean of several lines at each x, over those that have a point there. */
export function meanLine(lines: readonly (readonly Point[])[]): readonly Point[] {
  if (lines.length <= 1) return lines[0] ?? []
  const sums = new Map<number, { sum: number; count: number }>()
  for (const { x, y } of lines.flat()) {
    const known = sums.get(x)
    if (known) {
      known.sum += y
      known.count++
    } else sums.set(x, { sum: y, count: 1 })
  }
  return [...sums].sort(([a], [b]) => a - b).map(([x, { sum, count }]) => ({ x, y: sum / count }))
}
