import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PairTable } from './pair-table'
import { RunIndex } from './run-index'

interface Table {
  find(a: number, b: number): number
  put(a: number, b: number, value: number): void
  delete(a: number, b: number): void
}

const anyKey = fc.tuple(fc.nat(5), fc.oneof(fc.nat(40), fc.nat(2 ** 30)))
const anyActs = fc.array(fc.tuple(fc.constantFrom('put', 'put', 'delete'), anyKey, fc.nat(1_000_000)))

/** A table and a Map do the same, and are asked for everything after each step. */
function compare(table: Table, acts: readonly (readonly [string, readonly number[], number])[]): void {
  const map = new Map<string, { key: readonly [number, number]; value: number }>()
  for (const [act, [a = 0, b = 0], value] of acts) {
    const name = `${a} ${b}`
    if (act === 'put') {
      table.put(a, b, value)
      map.set(name, { key: [a, b], value })
    } else if (map.delete(name)) {
      table.delete(a, b)
    }
    expect(table.find(a, b)).toBe(map.get(name)?.value ?? -1)
    for (const { key, value: expected } of map.values()) expect(table.find(...key)).toBe(expected)
  }
}

test.each([
  ['a table of pairs', () => new PairTable()],
  ['an index of runs', () => new RunIndex()],
])('%s is a map', (_, make) => {
  fc.assert(fc.property(anyActs, (acts) => compare(make(), acts)))
})

test.each([
  ['a table of pairs', () => new PairTable() as Table],
  ['an index of runs', () => new RunIndex() as Table],
])('%s grows, empties and fills again', (_, make) => {
  const table = make()
  const pairs = Array.from({ length: 20_000 }, (_, i) => [i % 7, Math.floor(i / 7) * 5] as const)
  for (let round = 0; round < 2; round++) {
    pairs.forEach(([a, b], i) => table.put(a, b, i))
    expect(pairs.map(([a, b]) => table.find(a, b))).toEqual(pairs.map((_, i) => i))
    pairs.forEach(([a, b], i) => {
      if (i % 3 !== 0) table.delete(a, b)
    })
    expect(pairs.map(([a, b]) => table.find(a, b))).toEqual(pairs.map((_, i) => (i % 3 === 0 ? i : -1)))
    pairs.forEach(([a, b], i) => {
      if (i % 3 === 0) table.delete(a, b)
    })
    expect(pairs.every(([a, b]) => table.find(a, b) === -1)).toBe(true)
  }
})

test('an index of runs says what was there before', () => {
  const index = new RunIndex()
  expect(index.put(3, 17, 5)).toBe(-1)
  expect(index.put(3, 17, 8)).toBe(5)
  expect(index.put(3, 18, 9)).toBe(-1)
  expect(index.put(4, 17, 1)).toBe(-1)
})
