import { describe, expect, test } from 'vitest'
import { paperTableFile, paperTables, paperTableText } from './paper-sweep'

/** Tables of the authors' simulator, by path. */
const files = import.meta.glob<string>('../../../../shared/reference/paper-simulator/*.dat', {
  eager: true,
  import: 'default',
  query: '?raw',
})
const references = Object.entries(files).map(([path, text]) => ({ name: path.split('/').at(-1)!, text }))

const cells = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))

describe("the paper's sweep", () => {
  const tables = paperTables()

  test('is twelve tables: three strategies along four parameters', () => {
    expect(tables.map(paperTableFile).sort()).toEqual(
      ['hop', 'hop_rotation', 'rotation'].flatMap((strategy) =>
        ['ALTITUDE', 'CHUNK_PROCESSING_TIME', 'KVC_BYTES', 'SERVERS'].map(
          (name) => `${strategy}.${name}.dat`,
        ),
      ),
    )
    const rows = { KVC_BYTES: 21, SERVERS: 4, CHUNK_PROCESSING_TIME: 10, ALTITUDE: 9 }
    for (const { parameter, points } of tables) expect(points).toHaveLength(rows[parameter])
  })

  test('all tables end in the same configuration: everything at its largest value', () => {
    for (const strategy of ['rotation', 'hop', 'hop_rotation']) {
      const last = tables
        .filter((table) => table.strategy === strategy)
        .map(({ points }) => ({ ...points.at(-1)!, value: 0 }))
      expect(new Set(last.map((point) => JSON.stringify(point))).size).toBe(1)
    }
  })

  if (references.length === 0) {
    test.skip('skipped: ../shared/reference/paper-simulator is not beside the repository', () => undefined)
    return
  }
  test.each(references)('$name is that of the authors to 12 digits', ({ name, text }) => {
    const table = tables.find((one) => paperTableFile(one) === name)!
    const [head, ...rows] = cells(text)
    const [ownHead, ...ownRows] = cells(paperTableText(table))
    expect(ownHead).toEqual(head)
    expect(ownRows.map((row) => row[0])).toEqual(rows.map((row) => row[0]))
    rows.forEach((row, index) => {
      row.forEach((cell, column) => {
        const [theirs, ours] = [Number(cell), Number(ownRows[index]![column])]
        expect(Math.abs(ours - theirs) / theirs).toBeLessThan(1e-12)
      })
    })
  })
})
