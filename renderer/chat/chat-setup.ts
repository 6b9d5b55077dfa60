import { onTorus } from '#shared/experiment/on-torus'
import {
  defaultParameters,
  parameters,
  parameterSchema,
  type ParameterName,
  type ParameterValues,
} from '#shared/experiment/parameters'
import { checkRelations } from '#shared/experiment/relations'

/** How a model is to be served; numbers as they were typed. */
export interface ChatSetup {
  /** A model's name, or the path of a file; '' = none is chosen. */
  model: string
  kv_type: ParameterValues['kv_type']
  strategy: ParameterValues['strategy']
  link_delay: Extract<ParameterValues['link_delay'], 'off' | 'real'>
  context_tokens: string
  block_tokens: string
  servers: string
}

export const typedNames = [
  'context_tokens',
  'block_tokens',
  'servers',
] as const satisfies readonly ParameterName[]
export type TypedName = (typeof typedNames)[number]

export const defaultSetup: ChatSetup = {
  model: '',
  kv_type: defaultParameters.kv_type,
  strategy: 'rotation',
  link_delay: 'off',
  context_tokens: String(defaultParameters.context_tokens),
  // Short prompts fill blocks too.
  block_tokens: '64',
  servers: String(defaultParameters.servers),
}

/** As clients of the API call a model: of a file, its name. */
export function apiName(model: string): string {
  return model.includes('/') || model.includes('\\')
    ? (model.split(/[\\/]/).at(-1) ?? '').replace(/\.gguf$/, '')
    : model
}

export type CheckedSetup =
  | { readonly ok: true; readonly parameters: ParameterValues }
  | { readonly ok: false; readonly problems: ReadonlyMap<ParameterName, string> }

/** The parameters to serve with, on a constellation of this shape; or what is wrong, by the field that it is wrong in. */
export function checkSetup(setup: ChatSetup, shape: { slots: number; planes: number }): CheckedSetup {
  const problems = new Map<ParameterName, string>()
  const chosen: ParameterValues = {
    ...onTorus(defaultParameters, shape),
    engine: 'llama',
    model: setup.model,
    kv_type: setup.kv_type,
    strategy: setup.strategy,
    link_delay: setup.link_delay,
  }
  if (setup.model === '') problems.set('model', 'Choose a model')
  for (const name of typedNames) {
    const text = setup[name].trim()
    const value = parameterSchema(parameters[name]).safeParse(text === '' ? Number.NaN : Number(text))
    const { min, max, unit } = parameters[name]
    if (value.success) Object.assign(chosen, { [name]: value.data })
    else problems.set(name, `A whole number from ${min} to ${max}${unit === '' ? '' : ` ${unit}`}`)
  }
  if (problems.size > 0) return { ok: false, problems }
  for (const { message, allowed, path } of checkRelations(chosen)) {
    const name = path.at(-1) as ParameterName
    if (!problems.has(name)) problems.set(name, `${message}. Allowed: ${allowed}`)
  }
  return problems.size === 0 ? { ok: true, parameters: chosen } : { ok: false, problems }
}
