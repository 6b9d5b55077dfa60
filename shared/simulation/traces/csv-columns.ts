import { BadRecord, quoted } from './bad-record'
import { tokenCount } from './fields'

/** Quotes may stand around a name where the line was cut at its commas only. */
const plain = (name: string): string => name.trim().replace(/^"|"$/g, '').toLowerCase()

/** Whether a header line has all of these columns; case and order do not count. */
export function hasColumns(header: readonly string[], names: readonly string[]): boolean {
  const found = new Set(header.map(plain))
  return names.every((name) => found.has(plain(name)))
}

/** Position of a column, or -1. */
export function columnIndex(header: readonly string[], name: string): number {
  return header.findIndex((each) => plain(each) === plain(name))
}

/** The fields of a row, as many as the header line has. */
export function rowFields(record: unknown, header: readonly string[]): readonly string[] {
  const row = record as readonly string[]
  if (row.length !== header.length) {
    throw new BadRecord(`it has ${row.length} fields where the header line has ${header.length}`)
  }
  return row
}

/** A count of tokens as a CSV file writes it: digits, perhaps with `.0` behind. */
export function tokenField(text: string | undefined, name: string): number {
  const trimmed = (text ?? '').trim()
  if (trimmed !== '' && !/^\d+(\.0+)?$/.test(trimmed)) {
    throw new BadRecord(`${name} is ${quoted(trimmed)}, not a whole number from 0 on`)
  }
  return tokenCount(trimmed === '' ? undefined : Number(trimmed), name)
}
