import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { Document, Node, Pair, YAMLMap } from 'yaml'
import type { FileProblem } from '../contract/problem'

/** Longest file that is read, in characters. */
export const maxYamlLength = 1_048_576

/** Longest piece of a file that is quoted in a problem. */
const longestQuote = 80

export type Path = readonly (string | number)[]

/** A YAML file that could be read, and where everything in it stands. */
export interface YamlSource {
  readonly value: unknown
  /** Duplicate keys and unknown tags: the file could be read, but does not say what it seems to say. */
  readonly problems: FileProblem[]
  /** Line and column, from 1, of a value or of its key; of the nearest thing around it when it is absent. */
  place(path: Path, part: 'key' | 'value'): { line: number; column: number }
  /** The value as written, shortened. Empty when it is absent. */
  quote(path: Path): string
}

export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  )
}

/** Read YAML 1.2 (core schema: `off` and `no` are texts). Either the source, or why it cannot be read. */
export function readYaml(text: string): YamlSource | FileProblem[] {
  const nowhere = { line: null, column: null, path: '', value: '' }
  if (text.length > maxYamlLength) {
    const message = `the file has ${text.length} characters`
    return [{ ...nowhere, message, allowed: `at most ${maxYamlLength} characters` }]
  }
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      version: '1.2',
      schema: 'core',
      merge: false,
      prettyErrors: false,
      logLevel: 'error',
      // Found below, faster and with better messages.
      uniqueKeys: false,
    })
    const at = (offset: number): { line: number; column: number } => {
      const { line, col } = lines.linePos(offset)
      return { line, column: col }
    }
    if (document.errors.length > 0) {
      return document.errors.map((error) => ({
        ...at(error.pos[0]),
        path: '',
        value: shorten(text.slice(error.pos[0]).trimStart()),
        message: error.code === 'MULTIPLE_DOCS' ? 'the file holds several YAML documents' : error.message,
        allowed: error.code === 'MULTIPLE_DOCS' ? 'one document' : 'valid YAML 1.2',
      }))
    }
    const problems = [...duplicateKeys(document, at), ...unknownTags(document, text, at)]
    return {
      value: document.toJS({ maxAliasCount: 100 }) as unknown,
      problems,
      place: (path, part) => at(find(document, path, part).offset),
      quote: (path) => quoted(find(document, path, 'value'), text),
    }
  } catch (thrown) {
    // Unknown or endless aliases, or nesting deeper than the stack.
    const reason =
      thrown instanceof RangeError ? 'it is nested too deeply' : String((thrown as Error).message)
    return [{ ...nowhere, message: `the file cannot be read: ${reason}`, allowed: 'valid YAML 1.2' }]
  }
}

type At = (offset: number) => { line: number; column: number }

function duplicateKeys(document: Document.Parsed, at: At): FileProblem[] {
  const problems: FileProblem[] = []
  visit(document, {
    Map(_, map) {
      const firstLines = new Map<string, number>()
      for (const pair of map.items) {
        const name = keyName(pair)
        const place = at(startOf(pair.key))
        const first = firstLines.get(name)
        if (first === undefined) firstLines.set(name, place.line)
        else {
          const message = `the key ${name} is there twice: first on line ${first}`
          problems.push({ ...place, path: name, value: name, message, allowed: 'each key once' })
        }
      }
    },
  })
  return problems
}

function unknownTags(document: Document.Parsed, text: string, at: At): FileProblem[] {
  return document.warnings.map((warning) => ({
    ...at(warning.pos[0]),
    path: '',
    value: shorten(text.slice(...warning.pos)),
    message: warning.message,
    allowed: 'plain values without tags',
  }))
}

interface Found {
  readonly offset: number
  /** Null when the path leads nowhere. */
  readonly node: Node | null
}

function find(document: Document.Parsed, path: Path, part: 'key' | 'value'): Found {
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    const child = isMap(node)
      ? lastPair(node, String(step))
      : isSeq(node)
        ? node.items[Number(step)]
        : undefined
    if (child === undefined) return { offset, node: null }
    const key = isPair(child) ? child.key : child
    node = isPair(child) ? child.value : child
    const last = depth === path.length - 1
    // A key without a value has an empty value node right behind it, so the key is the better place.
    const empty = isNode(node) && node.range?.[0] === node.range?.[1]
    offset = startOf(last && part === 'key' ? key : node === null || empty ? key : node)
  }
  return { offset, node: isNode(node) ? node : null }
}

/** Of duplicate keys the last one counts, as in the value. */
function lastPair(map: YAMLMap, name: string): Pair | undefined {
  return map.items.findLast((pair) => keyName(pair) === name)
}

function keyName({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key)
}

function startOf(node: unknown): number {
  return isNode(node) && node.range ? node.range[0] : 0
}

function quoted({ node }: Found, text: string): string {
  return node?.range ? shorten(text.slice(node.range[0], node.range[1])) : ''
}

function shorten(text: string): string {
  const line = text.split('\n', 1)[0]?.trim() ?? ''
  return line.length > longestQuote ? `${line.slice(0, longestQuote - 1)}…` : line
}
