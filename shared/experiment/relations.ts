import { prefixModelAllowed, readPrefixModel } from '../simulation/traces/prefix-model'
import { numberText } from './allowed'
import { countTrials } from './grid'
import {
  defaultParameters,
  parameterNames,
  parameters,
  parameterSchema,
  type ParameterName,
  type ParameterValues,
} from './parameters'
import { maxTrials, type Experiment, type ParameterValue } from './schema'
import { failureListAllowed, failureListProblem } from './failure-list'
import { undeclaredPrefixModel } from './trace-parameters'
import { notOnThisLab, type CrossProblem, type Placed } from './lab-limits'

interface Relation {
  /** What it is about; the first one is to blame. */
  readonly names: readonly [ParameterName, ...ParameterName[]]
  /** It holds without a cache too. */
  readonly withoutCache?: true
  /** Null when the values agree. */
  readonly check: (values: ParameterValues) => Omit<CrossProblem, 'path'> | null
}

/** Satellites of one lab: beyond it, routing around failures needs too much memory in every host. */
export const maxSatellites = 100_000
/** A block is held in memory as a whole. */
export const maxBlockBytes = 1_073_741_824

const inside =
  (name: 'centre_slot' | 'centre_plane', side: 'slots' | 'planes'): Relation['check'] =>
  (values) =>
    values[name] < values[side]
      ? null
      : {
          message: `${name} ${values[name]} is outside the torus, which has ${values[side]} ${side}`,
          allowed: `0 to ${values[side] - 1}`,
        }

const withinTorus =
  (name: 'los_slots' | 'los_planes', side: 'slots' | 'planes'): Relation['check'] =>
  (values) =>
    values[name] <= values[side]
      ? null
      : {
          message: `the LOS window is larger than the torus: ${name} is ${values[name]}, ${side} is ${values[side]}`,
          allowed: `1 to ${values[side]}`,
        }

export const relations: readonly Relation[] = [
  {
    names: ['servers', 'slots', 'planes'],
    check: ({ servers, slots, planes }) =>
      servers <= slots * planes
        ? null
        : {
            message: `${servers} servers do not fit in a constellation of ${slots}x${planes} = ${slots * planes} satellites`,
            allowed: `1 to ${slots * planes}`,
          },
  },
  {
    names: ['slots', 'planes'],
    check: ({ slots, planes }) =>
      slots * planes <= maxSatellites
        ? null
        : {
            message: `the constellation has ${slots}x${planes} = ${numberText(slots * planes)} satellites`,
            allowed: `at most ${numberText(maxSatellites)} satellites`,
          },
  },
  { names: ['centre_slot', 'slots'], check: inside('centre_slot', 'slots') },
  { names: ['centre_plane', 'planes'], check: inside('centre_plane', 'planes') },
  { names: ['los_slots', 'slots'], check: withinTorus('los_slots', 'slots') },
  { names: ['los_planes', 'planes'], check: withinTorus('los_planes', 'planes') },
  {
    names: ['chunk_bytes', 'bytes_in_flight'],
    check: ({ chunk_bytes, bytes_in_flight }) =>
      chunk_bytes <= bytes_in_flight
        ? null
        : {
            message: `a chunk of ${chunk_bytes} B is larger than bytes_in_flight, ${bytes_in_flight} B`,
            allowed: `at most ${bytes_in_flight} B`,
          },
  },
  {
    names: ['block_tokens', 'kvc_bytes_per_token'],
    check: ({ block_tokens, kvc_bytes_per_token }) =>
      block_tokens * kvc_bytes_per_token <= maxBlockBytes
        ? null
        : {
            message: `a block of ${block_tokens} tokens has ${numberText(block_tokens * kvc_bytes_per_token)} B`,
            allowed: `at most ${numberText(maxBlockBytes)} B`,
          },
  },
  {
    names: ['phasing', 'planes', 'orbits'],
    check: ({ phasing, planes, orbits }) =>
      orbits !== 'walker' || phasing < planes
        ? null
        : { message: `phasing ${phasing} is not below the ${planes} planes`, allowed: `0 to ${planes - 1}` },
  },
  {
    names: ['model', 'engine'],
    withoutCache: true,
    check: ({ model, engine }) =>
      engine !== 'llama' || model !== 'none'
        ? null
        : {
            message: 'the engine is llama, but model names no model',
            allowed: 'a model that was added (skymemory model list), or the path of a GGUF file',
          },
  },
  {
    names: ['orbits', 'rotation_period_s', 'rotation_requests'],
    check: ({ orbits, rotation_period_s, rotation_requests }) =>
      orbits === 'torus' || (rotation_period_s === 0 && rotation_requests === 0)
        ? null
        : {
            message: `orbits ${orbits} turn by themselves, but rotations are asked for`,
            allowed: 'torus, or rotation_period_s 0 and rotation_requests 0',
          },
  },
  {
    names: ['tle_file', 'orbits'],
    check: ({ orbits, tle_file }) =>
      orbits !== 'tle' || tle_file !== 'none'
        ? null
        : { message: 'orbits are tle, but tle_file names no file', allowed: 'the path of a file' },
  },
  {
    names: ['failures'],
    check: ({ failures }) => {
      const problem = failureListProblem(failures)
      return problem === null ? null : { message: `failures: ${problem}`, allowed: failureListAllowed }
    },
  },
  {
    names: ['trace_prefix_model'],
    check: ({ trace_prefix_model: text }) =>
      text === undeclaredPrefixModel || readPrefixModel(text) !== null
        ? null
        : { message: `trace_prefix_model ${text} is no prefix model`, allowed: prefixModelAllowed },
  },
  {
    names: ['rotation_requests', 'rotation_period_s'],
    check: ({ rotation_requests, rotation_period_s }) =>
      rotation_requests === 0 || rotation_period_s === 0
        ? null
        : {
            message: `the constellation rotates by requests (rotation_requests ${rotation_requests}) and by the clock (rotation_period_s ${rotation_period_s})`,
            allowed: 'one of both, the other 0',
          },
  },
]

/** Without a cache there is no constellation that anything could contradict. */
const relationsOf = (withoutCache: boolean): readonly Relation[] =>
  withoutCache ? relations.filter((relation) => relation.withoutCache === true) : relations

/** A full set of values against the relations: for callers that have no experiment, such as the API server. */
export function checkRelations(values: ParameterValues): CrossProblem[] {
  return relationsOf(values.cache === 'off').flatMap((relation) => {
    const problem = relation.check(values)
    return problem ? [{ path: [relation.names[0]], ...problem }] : []
  })
}

/**
 * Check everything that concerns several values. Takes any value, and looks at those parts that are right by themselves, so
 * that all problems of a file can be told at once.
 */
export function crossChecks(raw: unknown): CrossProblem[] {
  const fixed = asRecord(asRecord(raw)['parameters'])
  const factors = asRecord(asRecord(raw)['factors'])
  const placed = new Map(parameterNames.map((name) => [name, valuesOf(name, fixed, factors)]))
  return [
    ...fixedAndFactor(fixed, factors),
    ...duplicateValues(factors),
    ...tooManyTrials(raw, placed),
    ...notOnThisLab(asRecord(raw)['lab'], placed),
    ...brokenRelations(placed),
  ]
}

function fixedAndFactor(fixed: Record<string, unknown>, factors: Record<string, unknown>): CrossProblem[] {
  return parameterNames
    .filter((name) => Object.hasOwn(fixed, name) && Object.hasOwn(factors, name))
    .map((name) => ({
      path: ['parameters', name],
      message: `${name} is given a fixed value and is a factor too`,
      allowed: 'either under parameters or under factors',
    }))
}

function duplicateValues(factors: Record<string, unknown>): CrossProblem[] {
  const problems: CrossProblem[] = []
  for (const [name, values] of Object.entries(factors)) {
    if (!Array.isArray(values)) continue
    const seen = new Set<unknown>()
    for (const [index, value] of values.entries()) {
      if (seen.has(value)) {
        const message = `the factor ${name} has the value ${String(value)} twice`
        problems.push({ path: ['factors', name, index], message, allowed: 'each value once' })
      }
      seen.add(value)
    }
  }
  return problems
}

function tooManyTrials(raw: unknown, placed: Map<ParameterName, Placed[]>): CrossProblem[] {
  const given = asRecord(raw)['repeats']
  const repeats = typeof given === 'number' && Number.isInteger(given) && given > 0 ? given : 1
  const factors = Object.fromEntries(
    [...placed]
      .filter(([, values]) => values.length > 1)
      .map(([name, values]) => [name, values.map((v) => v.value)]),
  ) as Experiment['factors']
  const cache = placed.get('cache')?.[0]?.value ?? defaultParameters.cache
  const trials = countTrials({
    repeats,
    parameters: { cache: cache as ParameterValues['cache'] },
    factors,
  })
  if (trials <= maxTrials) return []
  const message = `the grid has ${numberText(trials)} trials`
  return [{ path: ['factors'], message, allowed: `at most ${numberText(maxTrials)} trials` }]
}

function brokenRelations(placed: Map<ParameterName, Placed[]>): CrossProblem[] {
  const problems = new Map<string, CrossProblem>()
  const allOff = placed.get('cache')?.every(({ value }) => value === 'off') === true
  for (const { names, check } of relationsOf(allOff)) {
    for (const cell of combinations(names.map((name) => placed.get(name) ?? []))) {
      const values = Object.fromEntries(names.map((name, i) => [name, cell[i]?.value]))
      const problem = check({ ...defaultParameters, ...values })
      if (!problem) continue
      // The value to blame; a default cannot be pointed at, so then the first one that was given.
      const path = cell.find((value) => value.path !== null)?.path ?? ['parameters', names[0]]
      const key = JSON.stringify([names, path])
      if (!problems.has(key)) problems.set(key, { path, ...withDefault(names[0], cell[0], problem) })
    }
  }
  return [...problems.values()]
}

function withDefault(
  name: ParameterName,
  blamed: Placed | undefined,
  problem: Omit<CrossProblem, 'path'>,
): Omit<CrossProblem, 'path'> {
  if (blamed?.path !== null) return problem
  return { message: `${problem.message} (${name} has its default)`, allowed: `${name}: ${problem.allowed}` }
}

function* combinations(lists: readonly Placed[][]): Generator<Placed[]> {
  let budget = maxTrials
  const [first, ...rest] = lists
  if (!first) {
    yield []
    return
  }
  for (const value of first) {
    for (const others of combinations(rest)) {
      // A grid beyond this size is refused anyway.
      if (budget-- === 0) return
      yield [value, ...others]
    }
  }
}

/** The values of a parameter that are right by themselves. */
function valuesOf(
  name: ParameterName,
  fixed: Record<string, unknown>,
  factors: Record<string, unknown>,
): Placed[] {
  const schema = parameterSchema(parameters[name])
  const valid = (value: unknown): value is ParameterValue => schema.safeParse(value).success
  const list = Object.hasOwn(factors, name) ? factors[name] : undefined
  if (Array.isArray(list)) {
    return list.flatMap((value, index) => (valid(value) ? [{ value, path: ['factors', name, index] }] : []))
  }
  if (Object.hasOwn(fixed, name)) {
    const value = fixed[name]
    return valid(value) ? [{ value, path: ['parameters', name] }] : []
  }
  return [{ value: defaultParameters[name], path: null }]
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}
