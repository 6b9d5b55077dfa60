import type { PlannedTrial } from '#shared/contract/console-api'
import { seriesOf as seriesName } from '#shared/experiment/meaning'

/**
 * How a strategy looks, on every page, in both themes and in every export: one colour and one line style.
 *
 * The colours are from the palette of Okabe and Ito, which colour-blind people can tell apart; these four keep 3:1 against
 * the chart's background in the dark and in the light theme.
 */
export type SeriesStrategy = 'off' | 'rotation' | 'hop' | 'hop_rotation'

export interface StrategyStyle {
  readonly label: string
  readonly colour: string
  /** Lengths of line and gap in px; empty = solid. */
  readonly dash: readonly number[]
}

export const strategyStyles: Record<SeriesStrategy, StrategyStyle> = {
  off: { label: 'cache off', colour: '#7f7f7f', dash: [2, 3] },
  rotation: { label: 'rotation', colour: '#0072b2', dash: [] },
  hop: { label: 'hop', colour: '#d55e00', dash: [7, 3] },
  hop_rotation: { label: 'hop_rotation', colour: '#009e73', dash: [8, 3, 2, 3] },
}

export const markers = ['circle', 'rect', 'triangle', 'rectRot', 'cross', 'crossRot'] as const
export type Marker = (typeof markers)[number]

export interface SeriesStyle extends StrategyStyle {
  /** Tells the servers and other factors of one strategy apart. */
  readonly marker: Marker
  readonly width: number
  /** Latencies hold light time that was added, not waited for: drawn with hollow markers. */
  readonly virtual: boolean
  /** Computed by the simulator, not measured: named so wherever it is shown, drawn hollow or hatched. */
  readonly simulated?: boolean
}

/** Drawn without a filling: what was not measured looks different. */
export function isHollow({ virtual, simulated }: Pick<SeriesStyle, 'virtual' | 'simulated'>): boolean {
  return virtual || simulated === true
}

/** Where the numbers of a series come from, as files say it. */
export function originOf({ virtual, simulated }: SeriesStyle): 'measured' | 'virtual' | 'simulated' {
  if (simulated === true) return 'simulated'
  return virtual ? 'virtual' : 'measured'
}

/** Trials whose requests may stand in one series: same strategy, servers, link delay and other factors. */
export interface SeriesIdentity {
  readonly key: string
  readonly label: string
  readonly strategy: SeriesStrategy
  readonly servers: number | null
  readonly linkDelay: 'off' | 'virtual' | 'real'
  readonly others: string
}

const factorsInLabel = new Set(['cache', 'strategy', 'servers', 'link_delay'])

export function seriesOf(trial: Pick<PlannedTrial, 'parameters' | 'factors'>): SeriesIdentity {
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
  // Virtual latencies are always named; the other modes where they differ between trials.
  if (linkDelay === 'virtual' || 'link_delay' in trial.factors)
    parts.push(linkDelay === 'off' ? 'no delay' : linkDelay)
  const label = parts.join(' · ')
  return { key: `${label}|${linkDelay}`, label, strategy, servers, linkDelay, others }
}

/** Markers that are made of lines: they have no inside that could be hollow. */
export function isLineMarker(marker: Marker): boolean {
  return marker === 'cross' || marker === 'crossRot'
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
