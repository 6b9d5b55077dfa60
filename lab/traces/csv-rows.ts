import { parse, type Options } from 'csv-parse/sync'
import type { Line } from './lines'
import type { FoundRecord, RecordSource } from './record'

/** A line of these files is a row: none has line breaks inside quotes. */
const options: Options = { relax_column_count: true, trim: true }

/** The rows of a CSV file; the first line names the columns. */
export async function csvRows(lines: AsyncIterable<readonly Line[]>): Promise<RecordSource> {
  const iterator = lines[Symbol.asyncIterator]()
  const first = await iterator.next()
  const [head, ...others] = first.done === true ? [] : first.value
  const header = head === undefined ? undefined : parsedRow(head)
  async function* records(): AsyncGenerator<FoundRecord[]> {
    if (others.length > 0) yield parsedRows(others)
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      yield parsedRows(next.value)
    }
  }
  return {
    unit: 'line',
    header: header?.kind === 'value' ? (header.value as string[]) : [],
    records: records(),
  }
}

/** Many lines at once; one by one where the parser finds something wrong, to find out with which. */
function parsedRows(lines: readonly Line[]): FoundRecord[] {
  const texts = lines.flatMap((line) => (line.kind === 'text' ? [line] : []))
  if (texts.length < lines.length) return lines.map(parsedRow)
  try {
    const rows = parse(texts.map(({ text }) => text).join('\n'), options)
    // A quote that is open at the end of a line would swallow the next one.
    if (rows.length === texts.length) {
      return rows.map((value, index) => ({ kind: 'value', number: (texts[index] as Line).number, value }))
    }
  } catch {
    // Told of below, with its line.
  }
  return lines.map(parsedRow)
}

function parsedRow(line: Line): FoundRecord {
  if (line.kind === 'bad') return line
  const { number } = line
  try {
    const [value] = parse(line.text, options)
    return { kind: 'value', number, value: value ?? [] }
  } catch (thrown) {
    return { kind: 'bad', number, reason: `it is not valid CSV (${(thrown as Error).message})` }
  }
}
