import type { LiveBatch } from '#shared/contract/console-api'
import type { ParameterValues } from '#shared/experiment/parameters'

/** The series that a trial's requests belong to in live charts. */
export function seriesOf(parameters: ParameterValues): Pick<LiveBatch, 'series' | 'strategy'> {
  if (parameters.cache === 'off') return { series: 'cache off', strategy: 'off' }
  const { strategy, servers } = parameters
  return { series: `${strategy} · ${servers} servers`, strategy }
}
