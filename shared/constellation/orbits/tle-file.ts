import { SkyError } from '../../contract/errors'

/** One element set of a file in the two-line format (CelesTrak, "NORAD Two-Line Element Set Format"). */
export interface ElementSet {
  /** From the line before the two, or the catalogue number where there is none. */
  readonly name: string
  readonly catalogueNumber: string
  readonly line1: string
  readonly line2: string
  /** Time of the elements, ms since 1970-01-01 UTC. */
  readonly epochMs: number
  /** Number of line 1 in the file, from 1 on. */
  readonly lineNumber: number
}

const lineLength = 69
const problemsShown = 5

/**
 * Reads a file of element sets, with or without lines of names. Lines starting with # and empty lines are passed over.
 * Of several sets of one satellite, the latest is kept.
 * @param file how messages call it
 * @throws SkyError invalid_argument: lines that are damaged, each with its number; or no element set at all
 */
export function parseTle(text: string, file: string): ElementSet[] {
  const problems: string[] = []
  const found = new Map<string, ElementSet>()
  let name = ''
  let first: { text: string; number: number } | null = null
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  lines.forEach((raw, index) => {
    const line = raw.trimEnd()
    const number = index + 1
    if (line === '' || line.startsWith('#')) return
    if (first !== null) {
      const problem = line.startsWith('2 ') ? problemOf(line, 2) : 'should be line 2 of an element set'
      const set = problem === null ? elementSet(name, first, line) : problem
      if (typeof set === 'string') problems.push(`line ${number}: ${set}`)
      else if ((found.get(set.catalogueNumber)?.epochMs ?? -Infinity) <= set.epochMs)
        found.set(set.catalogueNumber, set)
      first = null
      name = ''
    } else if (line.startsWith('1 ')) {
      const problem = problemOf(line, 1)
      if (problem !== null) problems.push(`line ${number}: ${problem}`)
      first = { text: line, number }
    } else if (line.startsWith('2 ') && line.length === lineLength) {
      problems.push(`line ${number}: is line 2 of an element set without its line 1`)
    } else name = line.replace(/^0 /, '').trim()
  })
  if (first !== null) problems.push(`line ${lines.length}: the file ends after line 1 of an element set`)
  refuse(problems, file)
  if (found.size === 0) {
    const hint =
      'An element set is two lines of 69 columns that start with 1 and 2, as CelesTrak serves them.'
    throw new SkyError('invalid_argument', `${file} holds no two-line element set`, hint)
  }
  return [...found.values()]
}

function refuse(problems: readonly string[], file: string): void {
  if (problems.length === 0) return
  const shown = problems.slice(0, problemsShown).join('; ')
  const rest = problems.length > problemsShown ? `; and ${problems.length - problemsShown} more` : ''
  const hint = 'Fetch the file again, or remove these element sets from it.'
  throw new SkyError('invalid_argument', `${file} has damaged element sets: ${shown}${rest}`, hint)
}

/** The sum of all digits, a minus counting as 1, modulo 10. */
export function tleChecksum(line: string): number {
  let sum = 0
  for (const character of line.slice(0, lineLength - 1)) {
    if (character >= '0' && character <= '9') sum += Number(character)
    else if (character === '-') sum += 1
  }
  return sum % 10
}

interface Field {
  readonly name: string
  /** Columns from 0 on, the second exclusive. */
  readonly columns: readonly [number, number]
  readonly form: RegExp
}
const decimal = /^ *[-+]?\d*\.\d+ *$/
/** A decimal without its point, and a power of ten: ` 28098-4` is 0.28098e-4. */
const powered = /^[-+ ]\d{5}[-+ ]\d$/
const fields: Readonly<Record<1 | 2, readonly Field[]>> = {
  1: [
    { name: 'catalogue number', columns: [2, 7], form: /^[A-Z0-9 ][\d ]{3}\d$/ },
    { name: 'epoch', columns: [18, 32], form: /^\d\d[\d ]{2}\d\.\d+ *$/ },
    { name: 'first derivative of the mean motion', columns: [33, 43], form: decimal },
    { name: 'second derivative of the mean motion', columns: [44, 52], form: powered },
    { name: 'drag term', columns: [53, 61], form: powered },
  ],
  2: [
    { name: 'catalogue number', columns: [2, 7], form: /^[A-Z0-9 ][\d ]{3}\d$/ },
    { name: 'inclination', columns: [8, 16], form: decimal },
    { name: 'right ascension of the node', columns: [17, 25], form: decimal },
    { name: 'eccentricity', columns: [26, 33], form: /^\d{7}$/ },
    { name: 'argument of perigee', columns: [34, 42], form: decimal },
    { name: 'mean anomaly', columns: [43, 51], form: decimal },
    { name: 'mean motion', columns: [52, 63], form: decimal },
  ],
}

function problemOf(line: string, kind: 1 | 2): string | null {
  if (line.length !== lineLength) return `has ${line.length} columns instead of ${lineLength}`
  const stated = line[lineLength - 1] as string
  const computed = tleChecksum(line)
  if (stated !== String(computed)) return `its checksum is ${stated}, but its digits make ${computed}`
  for (const { name, columns, form } of fields[kind]) {
    const text = line.slice(...columns)
    if (!form.test(text)) return `its ${name} is "${text.trim()}"`
  }
  if (kind === 2 && Number(line.slice(8, 16)) > 180) return `its inclination is ${line.slice(8, 16).trim()}°`
  if (kind === 2 && !(Number(line.slice(52, 63)) > 0))
    return `its mean motion is ${line.slice(52, 63).trim()}`
  return null
}

const dayMs = 86_400_000

function elementSet(
  name: string,
  first: { text: string; number: number },
  line2: string,
): ElementSet | string {
  const line1 = first.text
  const catalogueNumber = line1.slice(2, 7).trim()
  if (line2.slice(2, 7).trim() !== catalogueNumber) {
    return `is of satellite ${line2.slice(2, 7).trim()}, but line 1 is of ${catalogueNumber}`
  }
  // Years of two digits: 57 is Sputnik's, and no element set is older.
  const year = Number(line1.slice(18, 20))
  const newYearMs = Date.UTC(year < 57 ? 2000 + year : 1900 + year, 0, 1)
  return {
    name: name === '' ? catalogueNumber : name,
    catalogueNumber,
    line1,
    line2,
    epochMs: newYearMs + (Number(line1.slice(20, 32)) - 1) * dayMs,
    lineNumber: first.number,
  }
}
