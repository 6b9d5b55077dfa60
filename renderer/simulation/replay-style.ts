import type { SeriesStyle } from '../charts/strategy-style'
import type { CachePolicy } from '#shared/simulation/replay/block-cache'

/**
 * How a policy looks in charts. Its colours are told apart by colour-blind people with the help of dash and marker, and keep 3:1 against
 * the background in both themes; everything is simulated.
 */
type PolicyLook = Pick<SeriesStyle, 'label' | 'colour' | 'dash' | 'marker'>

const looks: Readonly<Record<CachePolicy, PolicyLook>> = {
  lru: { label: 'LRU', colour: '#0072b2', dash: [], marker: 'circle' },
  lfu: { label: 'LFU', colour: '#d55e00', dash: [7, 3], marker: 'rect' },
  fifo: { label: 'FIFO', colour: '#a17a00', dash: [2, 2], marker: 'triangle' },
  's3-fifo': { label: 'S3-FIFO', colour: '#009e73', dash: [8, 3, 2, 3], marker: 'rectRot' },
  arc: { label: 'ARC', colour: '#c2589b', dash: [4, 2], marker: 'crossRot' },
  optimum: { label: 'Optimum', colour: '#7f7f7f', dash: [], marker: 'cross' },
}

export function policyStyle(policy: CachePolicy): SeriesStyle {
  return { ...looks[policy], width: 1.75, virtual: false, simulated: true }
}

/** The hit rate of a cache that never has to evict. */
export const ceilingStyle: SeriesStyle = {
  label: 'Ceiling: infinite cache',
  colour: '#7f7f7f',
  dash: [2, 3],
  marker: 'circle',
  width: 1.5,
  virtual: false,
  simulated: true,
}
