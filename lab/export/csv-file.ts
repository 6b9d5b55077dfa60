import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import type { CsvColumn } from '#shared/experiment/csv-columns'

export interface WrittenFile {
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}

/**
 * Write rows as RFC 4180: UTF-8, CRLF, a header line, quotes where needed, null as an empty field.
 * Rows are taken as they are needed, so that a file may be larger than the memory.
 */
export async function writeCsv<Row>(
  path: string,
  columns: readonly CsvColumn<Row>[],
  rows: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
): Promise<WrittenFile> {
  const hash = createHash('sha256')
  let [count, bytes] = [0, 0]
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  async function* records(): AsyncGenerator<(string | number | null)[]> {
    for await (const chunk of rows) {
      for (const row of chunk) {
        count += 1
        yield columns.map((column) => column.read(row))
      }
    }
  }
  const format = stringify({
    header: true,
    columns: columns.map((column) => column.name),
    record_delimiter: 'windows',
    // Of line breaks, the formatter would quote CRLF only.
    quoted_match: /[\r\n]/,
    // Numbers as JavaScript writes them: shortest text that reads back as the same value.
    cast: { number: (value) => String(value) },
  })
  await pipeline(records, format, measure, createWriteStream(path))
  return { rows: count, bytes, sha256: hash.digest('hex') }
}
