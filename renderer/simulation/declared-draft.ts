import type { FileProblem } from '#shared/contract/problem'
import type { TraceInspection } from '#shared/contract/simulation-api'
import { undeclaredPrefixModel } from '#shared/experiment/trace-parameters'
import { readPrefixModel, type PrefixModel } from '#shared/simulation/traces/prefix-model'
import { effectiveValue, type Draft, type Setting } from '../experiment/draft'
import type { FieldProblem } from './latency-check'

/** What is declared of a trace, as it is typed. */
export interface Declared {
  readonly prefixModel: PrefixModel['kind']
  readonly sharedTokens: string
  readonly arrivalRate: string
}
/** The same where it may be missing still. */
export interface DeclaredDraft extends Omit<Declared, 'prefixModel'> {
  readonly prefixModel: PrefixModel['kind'] | typeof undeclaredPrefixModel
}
export type DeclaredField = keyof Declared
export type TraceNeeds = Pick<TraceInspection, 'knowsPrefixes' | 'knowsArrivals'>

export const declaredParameters = ['trace_prefix_model', 'trace_arrival_rate'] as const
type DeclaredParameter = (typeof declaredParameters)[number]

export const firstDeclared: Declared = { prefixModel: 'none', sharedTokens: '512', arrivalRate: '1' }

/** The settings of an experiment as the form shows them; of a factor, its first value. */
export function declaredIn({ settings }: Pick<Draft, 'settings'>): DeclaredDraft {
  const model = String(effectiveValue('trace_prefix_model', settings.trace_prefix_model))
  const shared = /^shared:(.*)$/.exec(model)
  const rate = settings.trace_arrival_rate
  return {
    prefixModel: shared ? 'shared' : (readPrefixModel(model)?.kind ?? undeclaredPrefixModel),
    sharedTokens: shared?.[1] ?? firstDeclared.sharedTokens,
    arrivalRate: rate.kind === 'default' ? '' : String(effectiveValue('trace_arrival_rate', rate)),
  }
}

/** A change of the form as settings of the experiment. What is typed wrong stays as typed, for the check to name it. */
export function declaredSettings(
  before: DeclaredDraft,
  changed: Partial<Declared>,
): Partial<Record<DeclaredParameter, Setting>> {
  const { prefixModel, sharedTokens, arrivalRate } = { ...before, ...changed }
  const model = prefixModel === 'shared' ? `shared:${sharedTokens.trim()}` : prefixModel
  const typed = arrivalRate.trim()
  const rate = Number.isFinite(Number(typed)) ? Number(typed) : typed
  return {
    ...(changed.prefixModel === undefined && changed.sharedTokens === undefined
      ? {}
      : { trace_prefix_model: { kind: 'fixed', value: model } }),
    ...(changed.arrivalRate === undefined
      ? {}
      : { trace_arrival_rate: typed === '' ? { kind: 'default' } : { kind: 'fixed', value: rate } }),
  }
}

/** What is wrong with the form: problems of the file, and what the trace needs but the file does not say. */
export function declaredProblems(
  { settings }: Pick<Draft, 'settings'>,
  { knowsPrefixes, knowsArrivals }: TraceNeeds,
  problems: readonly FileProblem[],
): ReadonlyMap<DeclaredField, FieldProblem> {
  const valuesOf = (name: DeclaredParameter) => {
    const setting = settings[name]
    return setting.kind === 'factor' ? setting.values : [effectiveValue(name, setting)]
  }
  const found = new Map<DeclaredField, FieldProblem>()
  if (!knowsPrefixes && valuesOf('trace_prefix_model').includes(undeclaredPrefixModel)) {
    found.set('prefixModel', { message: 'The trace does not say what prompts share', allowed: 'Choose.' })
  }
  if (!knowsArrivals && valuesOf('trace_arrival_rate').includes(0)) {
    found.set('arrivalRate', { message: 'The trace has no times', allowed: 'Allowed: a number above 0.' })
  }
  const fieldOf = { trace_prefix_model: 'sharedTokens', trace_arrival_rate: 'arrivalRate' } as const
  for (const { path, message, allowed } of problems) {
    const name = declaredParameters.find((one) => path.split('.')[1]?.startsWith(one))
    if (name !== undefined) found.set(fieldOf[name], { message, allowed: `Allowed: ${allowed}.` })
  }
  return found
}
