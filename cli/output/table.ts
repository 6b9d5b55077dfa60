import Table from 'cli-table3'

export type Cell = string | number | null

/** A plain table: no colours, thin lines, numbers to the right; what was not measured is a dash. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numeric = head.map((_, index) => rows.some((row) => typeof row[index] === 'number'))
  const drawn = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: numeric.map((isNumber) => (isNumber ? 'right' : 'left')),
  })
  for (const row of rows) drawn.push(row.map((cell) => (cell === null ? '–' : String(cell))))
  return drawn.toString()
}

/** A number with so many decimals; null stays null. */
export function fixed(value: number | null | undefined, decimals: number): number | string | null {
  return value === null || value === undefined ? null : value.toFixed(decimals)
}
