import type { z } from 'zod'
import type { FileProblem } from '../contract/problem'
import { nearestWord } from '../yaml/suggest'
import { pathText, readYaml, type Path, type YamlSource } from '../yaml/yaml-source'
import {
  authenticationKinds,
  inferenceHost,
  inventory,
  jumpHost,
  longestJumpChain,
  satelliteHost,
  serviceChoices,
  type Inventory,
} from './inventory'
import { inventoryProblems } from './inventory-problems'

export type ParsedInventory =
  | { readonly ok: true; readonly inventory: Inventory }
  | { readonly ok: false; readonly problems: FileProblem[] }

/** Problems that are told of one file. */
const mostProblems = 500

/** Read an inventory from YAML, or tell everything that is wrong with it, in the order of the file. */
export function parseInventory(yaml: string): ParsedInventory {
  const source = readYaml(yaml)
  if (Array.isArray(source)) return { ok: false, problems: source.slice(0, mostProblems) }
  const shape = inventory.safeParse(source.value)
  const problems = [...source.problems]
  if (shape.success) {
    for (const { path, message, allowed } of inventoryProblems(shape.data)) {
      problems.push({ ...at(path, source, 'value'), message, allowed })
    }
  } else {
    for (const issue of shape.error.issues) problems.push(...issueProblems(issue, source))
  }
  if (problems.length === 0 && shape.success) return { ok: true, inventory: shape.data }
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
  return { ok: false, problems: problems.slice(0, mostProblems) }
}

function at(path: Path, source: YamlSource, part: 'key' | 'value') {
  return { ...source.place(path, part), path: pathText(path), value: source.quote(path) }
}

function issueProblems(issue: z.core.$ZodIssue, source: YamlSource): FileProblem[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...path, key], source))
  }
  const place = at(path, source, 'value')
  const allowed = allowedAt(path)
  const subject = path.length === 0 ? 'the file' : place.path
  const message =
    place.value === '' && (issue.code === 'invalid_type' || issue.code === 'invalid_union')
      ? `${subject} is missing or empty`
      : `${subject} must be ${allowed}, not ${place.value}`
  return [{ ...place, message, allowed }]
}

function unknownKey(path: Path, source: YamlSource): FileProblem {
  const key = String(path.at(-1))
  const known = keysAt(path.slice(0, -1), source)
  const near = nearestWord(key, known)
  const where = path.length === 1 ? '' : ` in ${pathText(path.slice(0, -1))}`
  return {
    ...at(path, source, 'key'),
    value: key,
    message: `unknown key ${key}${where}${near === null ? '' : `; did you mean ${near}?`}`,
    allowed: known.join(', '),
  }
}

function keysAt(path: Path, source: YamlSource): readonly string[] {
  const [section, , part] = path
  if (section === undefined) return Object.keys(inventory.shape)
  if (part === 'authentication') return ['kind', 'socket', 'file']
  if (section === 'jump_hosts') return Object.keys(jumpHost.shape)
  const role = source.quote([...path.slice(0, 2), 'role'])
  return Object.keys(role === 'inference' ? inferenceHost.shape : satelliteHost.shape)
}

const name = 'a name of small letters, digits and -, at most 40 characters'
const address = 'a host name or an IP address'
const port = 'a port from 1 to 65,535'

/** What may stand under a key, in words, wherever it is. */
const allowedUnder: Readonly<Record<string, string>> = {
  name,
  description: 'a text of at most 10,000 characters',
  hosts: 'a list of one or more hosts',
  jump_hosts: 'a list of jump hosts',
  role: 'satellite or inference',
  address,
  data_address: address,
  port,
  data_port: port,
  user: 'the name of a user',
  authentication: `a map with kind: ${authenticationKinds.join(', ')}`,
  kind: `one of ${authenticationKinds.join(', ')}`,
  file: 'the file of a private key',
  socket: 'the socket of an SSH agent',
  jump: `a list of at most ${longestJumpChain} names of jump_hosts`,
  service: `one of ${serviceChoices.join(', ')}`,
  host_node: 'true or false',
  models: 'true or false, of an inference host',
  planes: 'a list of planes, integers from 0',
}

function allowedAt(path: Path): string {
  const last = path.at(-1)
  if (last === undefined)
    return `an inventory: a map with the keys ${Object.keys(inventory.shape).join(', ')}`
  if (typeof last === 'string') return allowedUnder[last] ?? 'another value'
  switch (path.at(-2)) {
    case 'jump':
      return name
    case 'planes':
      return 'an integer from 0'
    default:
      return 'a map that describes a host'
  }
}
