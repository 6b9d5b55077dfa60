export const parameterGroups = ['cache', 'constellation', 'links', 'model', 'workload'] as const
export type ParameterGroup = (typeof parameterGroups)[number]

interface Described {
  readonly group: ParameterGroup
  readonly label: string
  readonly help: string
  /** Values other than the default are refused on a lab of real hosts, which could not honour them. */
  readonly simulatedOnly?: true
}
export interface EnumParameter<V extends string = string> extends Described {
  readonly kind: 'enum'
  readonly values: readonly V[]
  readonly default: V
}
export interface NumberParameter extends Described {
  readonly kind: 'integer' | 'number'
  readonly min: number
  readonly max: number
  readonly unit: string
  readonly default: number
}
export interface TextParameter extends Described {
  readonly kind: 'text'
  readonly default: string
}
export type Parameter = EnumParameter | NumberParameter | TextParameter

export const choice = <const V extends string>(
  group: ParameterGroup,
  label: string,
  values: readonly V[],
  fallback: NoInfer<V>,
  help: string,
): EnumParameter<V> => ({ kind: 'enum', group, label, values, default: fallback, help })

export const integer = (
  group: ParameterGroup,
  label: string,
  [min, max]: readonly [number, number],
  unit: string,
  fallback: number,
  help: string,
): NumberParameter => ({ kind: 'integer', group, label, min, max, unit, default: fallback, help })

export const real = (
  group: ParameterGroup,
  label: string,
  [min, max]: readonly [number, number],
  unit: string,
  fallback: number,
  help: string,
): NumberParameter => ({ kind: 'number', group, label, min, max, unit, default: fallback, help })

/** A parameter that only the simulator honours. */
export const simulated = <P extends Parameter>(parameter: P): P => ({
  ...parameter,
  simulatedOnly: true,
  help: `${parameter.help} Simulator only.`,
})
