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

const valueColumn: Record<LiveMetric, LiveColumn> = {
  hitRate: 'blocksHit',
  hops: 'hopsMean',
  ttft: 'ttftMs',
  tpot: 'tpotMs',
  throughput: 'outputTokens',
  propagation: 'propagationMs',
}

interface SeriesBins {
  readonly identity: SeriesIdentity
  readonly metrics: Record<LiveMetric, BinnedValues>
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
      for (let n = Math.max(ring.oldest, bins.taken.get(trial) ?? 0); n < ring.written; n++) {
        const x = (ring.value('at', n) - start) / 1000
        for (const metric of liveMetrics) {
          const weight = metric === 'hitRate' ? ring.value('blocks', n) : 1
          bins.metrics[metric].add(x, ring.value(valueColumn[metric], n), weight)
        }
      }
      bins.taken.set(trial, ring.written)
    }
  }

  series(metric: LiveMetric, view: Omit<LiveView, 'axis'>): LineSeries[] {
    const identities = [...this.#series.values()].map((bins) => bins.identity).sort(compareSeries)
    const styles = seriesStyles(identities)
    return identities.map(({ key }) => {
      const bins = this.#series.get(key)!.metrics[metric]
      return { key, style: styles.get(key)!, points: pointsOf(bins, metric, view), samples: bins.count }
    })
  }

  #binsOf(identity: SeriesIdentity): SeriesBins {
    let bins = this.#series.get(identity.key)
    if (bins === undefined) {
      const metrics = Object.fromEntries(liveMetrics.map((metric) => [metric, new BinnedValues(binS)]))
      bins = { identity, metrics: metrics as SeriesBins['metrics'], taken: new Map() }
      this.#series.set(identity.key, bins)
    }
    return bins
  }
}

function pointsOf(bins: BinnedValues, metric: LiveMetric, view: Omit<LiveView, 'axis'>): readonly Point[] {
  const trailing = Math.max(0, Math.round(view.windowS / binS) - 1)
  switch (metric) {
    case 'hitRate':
      return bins.ratios(trailing)
    case 'throughput':
      return bins.perUnit(trailing)
    case 'hops':
    case 'ttft':
    case 'tpot':
    case 'propagation':
      return bins.points(view.statistic, trailing)
  }
}
