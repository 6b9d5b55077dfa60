/**
 * Lists of values as text: `9,25,49`, and ranges `from:to:step` that hold both ends where the step meets them, as in
 * `160000:1920000:220000` or `0.002:0.02:0.002,0.05`.
 */

/** Values of one list at most: longer ones are mistakes in a step. */
export const maxListLength = 100_000

const numberPattern = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i

export type ParsedList =
  { readonly ok: true; readonly values: readonly number[] } | { readonly ok: false; readonly problem: string }

export function parseNumberList(text: string): ParsedList {
  const values: number[] = []
  for (const item of text.split(',')) {
    const parts = item.split(':').map((part) => part.trim())
    const bad = parts.find((part) => !numberPattern.test(part))
    if (bad !== undefined) return { ok: false, problem: `"${bad}" is not a number` }
    const numbers = parts.map(Number)
    if (numbers.length === 1) values.push(numbers[0]!)
    else if (numbers.length === 3) {
      const range = rangeOf(numbers[0]!, numbers[1]!, numbers[2]!)
      if (range === null) return { ok: false, problem: `"${item}" has no values, or too many` }
      // One by one: a long range would not fit into the arguments of one call.
      for (const value of range) values.push(value)
    } else return { ok: false, problem: `"${item}" is neither a number nor from:to:step` }
  }
  if (values.length > maxListLength) return { ok: false, problem: `more than ${maxListLength} values` }
  if (new Set(values).size < values.length) return { ok: false, problem: 'a value occurs twice' }
  return { ok: true, values }
}

function rangeOf(from: number, to: number, step: number): number[] | null {
  // A little more than whole: 0.002 to 0.02 by 0.002 is nine steps, though the quotient is 8.999999999999998.
  const steps = Math.floor((to - from) / step + 1e-9)
  if (!(steps >= 0) || steps >= maxListLength) return null
  // 15 digits: what decimal numbers keep, so that 3 times 0.002 is 0.006 and not 0.006000000000000001.
  return Array.from({ length: steps + 1 }, (_, index) => Number((from + index * step).toPrecision(15)))
}
