import type { z } from 'zod'
import type { FileProblem } from '../contract/problem'
import { allowedText, numberText } from './allowed'
import { parameterNames, parameters, type ParameterName } from './parameters'
import { crossChecks } from './relations'
import { builtInLabs, experimentKeys, experimentShape, maxRepeats, maxSeed, type Experiment } from './schema'
import { nearestWord } from '../yaml/suggest'
import { pathText, readYaml, type Path, type YamlSource } from '../yaml/yaml-source'

export type ParsedExperiment = { ok: true; experiment: Experiment } | { ok: false; problems: FileProblem[] }

/** Problems that are told of one file; a file with more is no experiment. */
const mostProblems = 500

/**
 * Read an experiment from YAML, or tell everything that is wrong with it, in the order of the file.
 * @param lab where it is to run, whatever the file says
 */
export function parseExperiment(yamlText: string, lab?: string): ParsedExperiment {
  const source = readYaml(yamlText)
  if (Array.isArray(source)) return { ok: false, problems: source.slice(0, mostProblems) }
  const raw = onLab(withoutEmptySections(source.value), lab)
  const shape = experimentShape.safeParse(raw)
  const problems = [
    ...source.problems,
    ...(shape.success ? [] : shape.error.issues.flatMap((issue) => issueProblems(issue, source))),
    ...crossChecks(raw).map(({ path, message, allowed }) => ({
      ...source.place(path, 'value'),
      path: pathText(path),
      value: source.quote(path),
      message,
      allowed,
    })),
  ]
  if (problems.length === 0 && shape.success) {
    return { ok: true, experiment: { ...shape.data, factors: inOrderOf(raw, shape.data.factors) } }
  }
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
  return { ok: false, problems: problems.slice(0, mostProblems) }
}

function onLab(raw: unknown, lab: string | undefined): unknown {
  const isMap = typeof raw === 'object' && raw !== null && !Array.isArray(raw)
  return lab === undefined || !isMap ? raw : { ...raw, lab }
}

/** A section whose lines are all comments is null in YAML; it means: nothing. */
function withoutEmptySections(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const optional = new Set(['description', 'parameters', 'factors'])
  return Object.fromEntries(
    Object.entries(value).filter(([key, part]) => part !== null || !optional.has(key)),
  )
}

/** Factors in the order of the file: it is the order of the grid. */
function inOrderOf(raw: unknown, factors: Experiment['factors']): Experiment['factors'] {
  const written = Object.keys((raw as { factors?: object }).factors ?? {}) as ParameterName[]
  return Object.fromEntries(written.map((name) => [name, factors[name]]))
}

function issueProblems(issue: z.core.$ZodIssue, source: YamlSource): FileProblem[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...path, key], source))
  }
  const quote = source.quote(path)
  const allowed = allowedAt(path)
  const subject = path.length === 0 ? 'the file' : pathText(path.slice(0, 3))
  const message =
    quote === '' && issue.code === 'invalid_type'
      ? `${subject} is missing or empty`
      : `${subject} must be ${allowed}, not ${quote}`
  return [{ ...source.place(path, 'value'), path: pathText(path), value: quote, message, allowed }]
}

function unknownKey(path: Path, source: YamlSource): FileProblem {
  const key = String(path.at(-1))
  const known: readonly string[] = path.length === 1 ? experimentKeys : parameterNames
  const isParameter = (parameterNames as readonly string[]).includes(key)
  const near = nearestWord(key, known)
  const advice =
    path.length === 1 && isParameter
      ? '; it is a parameter, and belongs under parameters or factors'
      : near === null
        ? ''
        : `; did you mean ${near}?`
  const where = path.length === 1 ? '' : ` in ${pathText(path.slice(0, -1))}`
  return {
    ...source.place(path, 'key'),
    path: pathText(path),
    value: key,
    message: `unknown key ${key}${where}${advice}`,
    allowed: known.join(', '),
  }
}

/** What may stand at a place of an experiment, in words. */
function allowedAt([section, name, index]: Path): string {
  switch (section) {
    case undefined:
      return `an experiment: a map with the keys ${experimentKeys.join(', ')}`
    case 'name':
      return 'a text of 1 to 100 characters'
    case 'description':
      return 'a text of at most 10,000 characters'
    case 'seed':
      return `an integer from 0 to ${numberText(maxSeed)}`
    case 'repeats':
      return `an integer from 1 to ${numberText(maxRepeats)}`
    case 'lab':
      return `${builtInLabs.join(', ')}, or the name of an inventory (small letters, digits, -)`
  }
  const parameter = parameters[name as ParameterName]
  if (name === undefined) {
    return section === 'factors' ? 'a map of parameters to lists of values' : 'a map of parameters to values'
  }
  if (section === 'factors' && index === undefined) {
    return `a list of one or more values, each ${allowedText(parameter)}`
  }
  return allowedText(parameter)
}
