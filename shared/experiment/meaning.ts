import type { ParameterName, ParameterValues } from './parameters'
import { parameterNames, parameters } from './parameters'
import { traceParameters } from './trace-parameters'

/** Without a cache there are no blocks and no constellation: only these parameters say anything about a trial. */
const meaningfulWithoutCache: ReadonlySet<ParameterName> = new Set([
  'cache',
  'engine',
  'model',
  'kv_type',
  'context_tokens',
  'threads',
  'prefill_tokens_per_s',
  'prefill_quadratic_s',
  'decode_tokens_per_s',
  'batch_limit',
  ...parameterNames.filter((name) => parameters[name].group === 'workload'),
])

/** What only one of the engines reads. */
const ofOneEngine: Partial<Record<ParameterName, ParameterValues['engine']>> = {
  model: 'llama',
  kv_type: 'llama',
  context_tokens: 'llama',
  threads: 'llama',
  prefill_tokens_per_s: 'synthetic',
  prefill_quadratic_s: 'synthetic',
  decode_tokens_per_s: 'synthetic',
}

/** Whether a parameter can make a difference in a trial with or without a cache. */
export function hasMeaning(name: ParameterName, cache: ParameterValues['cache']): boolean {
  return cache === 'skymemory' || meaningfulWithoutCache.has(name)
}

/** Whether a parameter makes a difference in this trial: a trace takes the place of the conversations, a model that of rates. */
export function isMeaningful(name: ParameterName, values: ParameterValues): boolean {
  // A real model computes a block at a time, also without a cache.
  if (name === 'block_tokens' && values.engine === 'llama') return true
  if (!hasMeaning(name, values.cache)) return false
  const engine = ofOneEngine[name]
  if (engine !== undefined && engine !== values.engine) return false
  if (name === 'trace' || parameters[name].group !== 'workload') return true
  const ofTraces = Object.hasOwn(traceParameters, name)
  return ofTraces === (values.trace !== 'none')
}

/** The series that a trial belongs to in charts and tables. */
export function seriesOf(values: Pick<ParameterValues, 'cache' | 'strategy' | 'servers'>): string {
  return values.cache === 'off' ? 'cache off' : `${values.strategy}, ${values.servers} servers`
}
