import type { Path } from '../yaml/yaml-source'
import { parameters, type Parameter, type ParameterName } from './parameters'
import type { ParameterValue } from './schema'

/** Something that is wrong between values which, each alone, may be right. */
export interface CrossProblem {
  readonly path: Path
  readonly message: string
  readonly allowed: string
}

/** A value of a parameter and where it stands; null = it is the default, and stands nowhere. */
export interface Placed {
  readonly value: ParameterValue
  readonly path: Path | null
}

type PlacedValues = ReadonlyMap<ParameterName, readonly Placed[]>

/** Values that the lab of an experiment cannot honour: a number that it did not have must not be published. */
export function notOnThisLab(lab: unknown, placed: PlacedValues): CrossProblem[] {
  return lab === 'simulated' ? notInSimulator(placed) : notOnRealHosts(placed)
}

/** What only the simulator honours. */
function notOnRealHosts(placed: PlacedValues): CrossProblem[] {
  const problems: CrossProblem[] = []
  for (const [name, values] of placed) {
    const parameter: Parameter = parameters[name]
    for (const { value, path } of values) {
      const refused = parameter.simulatedOnly === true && value !== parameter.default
      if (path === null || !(refused || (name === 'link_delay' && value === 'simulated'))) continue
      const message = `${name} ${value} is honoured by the simulator only, not by the hosts of a lab`
      const allowed =
        parameter.simulatedOnly === true
          ? `${parameter.default}, or lab: simulated`
          : 'off, virtual, real, or lab: simulated'
      problems.push({ path, message, allowed })
    }
  }
  return problems
}

/** What the simulator cannot stand for: it runs no model, and knows the rates that hosts have to measure. */
const notSimulated: readonly (readonly [ParameterName, ParameterValue])[] = [
  ['engine', 'llama'],
  ['fetch', 'adaptive'],
]

function notInSimulator(placed: PlacedValues): CrossProblem[] {
  return notSimulated.flatMap(([name, refused]) =>
    (placed.get(name) ?? []).flatMap(({ value, path }) =>
      path === null || value !== refused
        ? []
        : [
            {
              path,
              message: `${name} ${refused} needs the hosts of a lab, and is not simulated`,
              allowed: `${parameters[name].default}, or another lab`,
            },
          ],
    ),
  )
}
