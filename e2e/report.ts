import { parse } from 'csv-parse/sync'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Row = Readonly<Record<string, string>>

/** An exported run: the only folder in `directory`. */
export async function readReport(
  directory: string,
): Promise<{ files: string[]; csv(name: string): Promise<Row[]> }> {
  const [run, ...others] = await readdir(directory)
  if (run === undefined || others.length > 0) throw new Error(`not one run in ${directory}`)
  return {
    files: (await readdir(join(directory, run))).sort(),
    csv: async (name) => {
      const text = await readFile(join(directory, run, name), 'utf8')
      return parse(text, { columns: true, record_delimiter: '\r\n' })
    },
  }
}
