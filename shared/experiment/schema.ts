import { z } from 'zod'
import { labName } from '../inventory/inventory'
import {
  parameterNames,
  parameters,
  parameterSchema,
  type ParameterName,
  type ParameterValues,
} from './parameters'

/** Trials of one experiment, at most: more is a mistake in the grid, and days of work. */
export const maxTrials = 10_000
export const maxRepeats = 1_000
/** Seeds are unsigned 32 bit, as the generator takes them. */
export const maxSeed = 0xffffffff
/** Labs that are there without an inventory: processes on this machine, and the simulator. */
export const builtInLabs = ['local', 'simulated'] as const

export type ParameterValue = string | number
export type Factors = { readonly [K in ParameterName]?: readonly ParameterValues[K][] }

/** An experiment as written in its file, with the defaults of everything that may be left out. */
export interface Experiment {
  readonly name: string
  readonly description: string
  /** Makes workloads, and with them whole runs, repeatable. */
  readonly seed: number
  /** How often the whole grid is run, each time with another workload. */
  readonly repeats: number
  /** One of `builtInLabs`, or the name of an inventory. */
  readonly lab: string
  /** Values that differ from the defaults. */
  readonly parameters: Partial<ParameterValues>
  /** The values of the parameters that vary: every combination is a cell. In the order of the file. */
  readonly factors: Factors
}

const fixed = z.strictObject(
  Object.fromEntries(parameterNames.map((name) => [name, parameterSchema(parameters[name]).optional()])),
)
const factors = z.strictObject(
  Object.fromEntries(
    parameterNames.map((name) => [name, z.array(parameterSchema(parameters[name])).min(1).optional()]),
  ),
)

/**
 * The shape of an experiment file. What concerns several values at once (duplicates, relations, the size of the grid) is
 * checked by `crossChecks`; `parseExperiment` does both.
 */
export const experimentShape = z.strictObject({
  name: z.string().trim().min(1).max(100),
  description: z.string().max(10_000).default(''),
  seed: z.int().min(0).max(maxSeed).default(1),
  repeats: z.int().min(1).max(maxRepeats).default(1),
  lab: labName.default('local'),
  parameters: fixed.default({}),
  factors: factors.default({}),
}) as unknown as z.ZodType<Experiment>

export const experimentKeys = [
  'name',
  'description',
  'seed',
  'repeats',
  'lab',
  'parameters',
  'factors',
] as const
