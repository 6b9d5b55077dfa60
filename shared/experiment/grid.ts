import type { PlannedTrial } from '../contract/console-api'
import { hasMeaning } from './meaning'
import { defaultParameters, type ParameterName, type ParameterValues } from './parameters'
import type { Experiment, ParameterValue } from './schema'

type Cell = Partial<Record<ParameterName, ParameterValue>>

/**
 * The trials of an experiment, in the order in which they run: the whole grid once for each repeat (so that a machine that
 * slows down touches all cells alike), the first factor of the file varying slowest.
 *
 * Without a cache, factors that have no meaning there are left out, and the cells that only they tell apart become one.
 * All cells of a repeat have the same seed, hence the same workload, so that they can be compared.
 */
export function planTrials(experiment: Experiment): PlannedTrial[] {
  const cells = cellsOf(experiment)
  const total = cells.length * experiment.repeats
  const digits = Math.max(3, String(total).length)
  const trials: PlannedTrial[] = []
  for (let repeat = 1; repeat <= experiment.repeats; repeat++) {
    for (const factors of cells) {
      trials.push({
        trialId: `t${String(trials.length + 1).padStart(digits, '0')}`,
        repeat,
        seed: repeatSeed(experiment.seed, repeat),
        factors,
        parameters: parametersOf(experiment, factors),
      })
    }
  }
  return trials
}

/** How many trials there will be, without making them. */
export function countTrials(experiment: Pick<Experiment, 'repeats' | 'parameters' | 'factors'>): number {
  let cells = 0
  for (const cache of cachesOf(experiment)) {
    let product = 1
    for (const [name, values] of factorsOf(experiment)) {
      if (name !== 'cache' && hasMeaning(name, cache)) product *= values.length
    }
    cells += product
  }
  return cells * experiment.repeats
}

/**
 * The seed of a repeat: the experiment's own for the first, then steps of 2^32 / golden ratio, which is odd: all repeats
 * of an experiment have different seeds.
 */
export function repeatSeed(seed: number, repeat: number): number {
  return (seed + Math.imul(repeat - 1, 0x9e3779b9)) >>> 0
}

type Factor = [ParameterName, readonly ParameterValue[]]

function factorsOf(experiment: Pick<Experiment, 'factors'>): Factor[] {
  return Object.entries(experiment.factors) as Factor[]
}

function cachesOf({
  parameters,
  factors,
}: Pick<Experiment, 'parameters' | 'factors'>): readonly ParameterValues['cache'][] {
  return factors.cache ?? [parameters.cache ?? defaultParameters.cache]
}

function cellsOf(experiment: Experiment): Cell[] {
  const caches = cachesOf(experiment)
  // What has no meaning in any cell is dropped at once: its product could be endless.
  const factors = factorsOf(experiment).filter(([name]) => caches.some((cache) => hasMeaning(name, cache)))
  const fixedCache = experiment.parameters.cache ?? defaultParameters.cache
  const cells = new Map<string, Cell>()
  for (const cell of product(factors)) {
    const cache = (cell.cache ?? fixedCache) as ParameterValues['cache']
    const meaningful = Object.fromEntries(
      Object.entries(cell)
        .filter(([name]) => hasMeaning(name as ParameterName, cache))
        .map(([name, value]) => [name, name === 'link_delay' ? linkDelayOn(experiment.lab, value) : value]),
    )
    const key = JSON.stringify(meaningful)
    if (!cells.has(key)) cells.set(key, meaningful)
  }
  return [...cells.values()]
}

function* product([first, ...rest]: Factor[]): Generator<Cell> {
  if (!first) {
    yield {}
    return
  }
  const [name, values] = first
  for (const value of values) {
    for (const cell of product(rest)) yield { [name]: value, ...cell }
  }
}

/** A full set: what the cell says, else what is fixed, else (for a factor without meaning here) its first value, else the default. */
function parametersOf(experiment: Experiment, cell: Cell): ParameterValues {
  const firsts = Object.fromEntries(factorsOf(experiment).map(([name, values]) => [name, values[0]]))
  const values = { ...defaultParameters, ...firsts, ...experiment.parameters, ...cell } as ParameterValues
  return { ...values, link_delay: linkDelayOn(experiment.lab, values.link_delay) }
}

/** Light time in the simulator is neither held for nor added: it is simulated, and marked so in every result. */
function linkDelayOn<V extends ParameterValue>(lab: string, value: V): V | 'simulated' {
  return lab === 'simulated' && value !== 'off' ? 'simulated' : value
}
