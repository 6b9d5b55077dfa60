import { parseNumberList } from '#shared/simulation/sweep/value-list'

/** A unit by what it multiplies by or, where that would round twice, divides by. */
interface Unit {
  readonly times?: number
  readonly over?: number
}

/** Units that a field understands. The first one of each is what a number without a unit is in. */
export const units = {
  bytes: { B: {}, KiB: { times: 1024 }, MiB: { times: 1_048_576 }, GiB: { times: 1_073_741_824 } },
  time: { s: {}, ms: { over: 1000 }, µs: { over: 1_000_000 }, us: { over: 1_000_000 } },
  length: { m: {}, km: { times: 1000 } },
  count: {},
} as const satisfies Record<string, Record<string, Unit>>
export type UnitKind = keyof typeof units

export type Quantities =
  { readonly ok: true; readonly values: readonly number[] } | { readonly ok: false; readonly problem: string }

/** The units of a kind as a hint: `B, KiB, MiB or GiB`. */
export function unitNames(kind: UnitKind): string {
  const names = Object.keys(units[kind]).filter((name) => name !== 'us')
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

/**
 * A list of numbers with one unit after them: `9, 25, 49`, `1:21:1 MiB`, `2:20:2 ms`. Values are in the kind's first unit,
 * and are the nearest numbers to what was written: 6 ms is 0.006 s.
 */
export function parseQuantities(text: string, kind: UnitKind): Quantities {
  const [, numbers = '', name = ''] = /^(.*?)\s*([a-zµ]*)\s*$/i.exec(text.trim()) ?? []
  if (numbers === '')
    return { ok: false, problem: text.trim() === '' ? 'no value' : `"${text.trim()}" is no number` }
  const unit = unitOf(name, kind)
  if (unit === null) return { ok: false, problem: `"${name}" is no unit of this field` }
  const parsed = parseNumberList(numbers)
  if (!parsed.ok) return parsed
  return { ok: true, values: parsed.values.map((value) => (value * (unit.times ?? 1)) / (unit.over ?? 1)) }
}

/** One number with its unit. */
export function parseQuantity(text: string, kind: UnitKind): Quantities {
  const parsed = parseQuantities(text, kind)
  if (!parsed.ok || parsed.values.length === 1) return parsed
  return { ok: false, problem: `"${text.trim()}" is more than one number` }
}

function unitOf(name: string, kind: UnitKind): Unit | null {
  if (name === '') return {}
  const known: Readonly<Record<string, Unit>> = units[kind]
  const found = Object.keys(known).find((each) => each.toLowerCase() === name.toLowerCase())
  return found === undefined ? null : known[found]!
}
