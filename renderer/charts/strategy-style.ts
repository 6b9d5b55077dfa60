import {
  markers,
  strategyStyles,
  type Marker,
  type SeriesStrategy,
  type StrategyStyle,
} from '#shared/charts/strategy-style'
import type { PlannedTrial } from '#shared/contract/console-api'
import { seriesOf as seriesName } from '#shared/experiment/meaning'

export interface SeriesStyle extends StrategyStyle {
  /** Tells the servers and other factors of one strategy apart. */
  readonly marker: Marker
  readonly width: number
  /** Latencies hold light time that was added, not waited for: drawn with hollow markers. */
  readonly virtual: boolean
  /** Computed by the simulator, not measured: named so wherever it is shown, drawn hollow or hatched. */
  readonly simulated?: boolean
}

/** Where the numbers of a series come from, as files say it. */
export function originOf({ virtual, simulated }: SeriesStyle): 'measured' | 'virtual' | 'simulated' {
  if (simulated === true) return 'simulated'
  return virtual ? 'virtual' : 'measured'
}

/** The lab of runs that were simulated. */
export const simulatedLab = 'simulated'

/** Trials whose requests may stand in one series: same strategy, servers, link delay and other factors. */
export interface SeriesIdentity {
  readonly key: string
  readonly label: string
  readonly strategy: SeriesStrategy
  readonly servers: number | null
  readonly linkDelay: PlannedTrial['parameters']['link_delay']
  readonly others: string
  /** Of a run of the simulator: nothing in it was measured. */
  readonly simulated: boolean
}

const factorsInLabel = new Set(['cache', 'strategy', 'servers', 'link_delay'])

/** @param lab of the run that the trial belongs to */
export function seriesOf(trial: Pick<PlannedTrial, 'parameters' | 'factors'>, lab = 'local'): SeriesIdentity {
  const simulated = lab === simulatedLab || trial.parameters.link_delay === 'simulated'
  const { cache, strategy: placed, servers: count, link_delay: linkDelay } = trial.parameters
  const strategy = cache === 'off' ? 'off' : placed
  const servers = cache === 'off' ? null : count
  const others = Object.entries(trial.factors)
    .filter(([name]) => !factorsInLabel.has(name))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
  // Where something else varies, a number of servers that is the same everywhere would only push it out of sight.
  const serversSay = servers !== null && (others === '' || 'servers' in trial.factors)
  const parts = [serversSay ? seriesName(trial.parameters) : strategyStyles[strategy].label]
  if (others !== '') parts.push(others)
  // Virtual and simulated latencies are always named; the other modes where they differ between trials.
  if (linkDelay === 'virtual' || 'link_delay' in trial.factors)
    parts.push(linkDelay === 'off' ? 'no delay' : linkDelay)
  if (simulated && !parts.includes(simulatedLab)) parts.push(simulatedLab)
  const label = parts.join(' · ')
  return { key: `${label}|${linkDelay}`, label, strategy, servers, linkDelay, others, simulated }
}

/** Styles for the series of one chart, by key. The marker counts up with the servers, then with the other factors. */
export function seriesStyles(series: readonly SeriesIdentity[]): Map<string, SeriesStyle> {
  const variant = (one: SeriesIdentity): string => `${one.servers ?? 0}|${one.others}`
  const withServers = series.filter((one) => one.servers !== null).sort(compareVariants)
  const variants = [...new Set(withServers.map(variant))]
  return new Map(
    series.map((one) => {
      const rank = Math.max(0, variants.indexOf(variant(one)))
      const style: SeriesStyle = {
        ...strategyStyles[one.strategy],
        label: one.label,
        marker: markers[rank % markers.length]!,
        width: 1.5 + (rank % 3) * 0.75,
        virtual: one.linkDelay === 'virtual',
        simulated: one.simulated,
      }
      return [one.key, style]
    }),
  )
}

function compareVariants(a: SeriesIdentity, b: SeriesIdentity): number {
  return (a.servers ?? 0) - (b.servers ?? 0) || a.others.localeCompare(b.others, 'en', { numeric: true })
}

const strategyOrder: readonly SeriesStrategy[] = ['off', 'rotation', 'hop', 'hop_rotation']

/** Baseline first, then by strategy and servers: the order of legends, tables and bars. */
export function compareSeries(a: SeriesIdentity, b: SeriesIdentity): number {
  return (
    strategyOrder.indexOf(a.strategy) - strategyOrder.indexOf(b.strategy) ||
    (a.servers ?? 0) - (b.servers ?? 0) ||
    a.label.localeCompare(b.label, 'en', { numeric: true })
  )
}
