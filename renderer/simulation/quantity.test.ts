import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseQuantities, parseQuantity } from './quantity'

describe('quantities', () => {
  it.each([
    ['12288', 'bytes', [12_288]],
    ['12288 B', 'bytes', [12_288]],
    ['21 MiB', 'bytes', [22_020_096]],
    ['2.75mib', 'bytes', [2_883_584]],
    ['1:3:1 MiB', 'bytes', [1_048_576, 2_097_152, 3_145_728]],
    ['550 km', 'length', [550_000]],
    ['6 ms', 'time', [0.006]],
    ['2:20:6ms', 'time', [0.002, 0.008, 0.014, 0.02]],
    ['1e6', 'count', [1_000_000]],
    ['9, 25,49', 'count', [9, 25, 49]],
  ] as const)('%s as %s', (text, kind, values) => {
    expect(parseQuantities(text, kind)).toEqual({ ok: true, values })
  })

  it.each([
    ['', 'count', 'no value'],
    ['abc', 'count', '"abc" is no number'],
    ['5 km', 'bytes', '"km" is no unit of this field'],
    ['5 constructor', 'bytes', '"constructor" is no unit of this field'],
    ['1,,2', 'count', '"" is not a number'],
    ['1:2', 'count', '"1:2" is neither a number nor from:to:step'],
  ] as const)('%j is no %s', (text, kind, problem) => {
    expect(parseQuantities(text, kind)).toEqual({ ok: false, problem })
  })

  it('takes one number where one is wanted', () => {
    expect(parseQuantity('1, 2', 'count')).toEqual({ ok: false, problem: '"1, 2" is more than one number' })
  })

  it('reads whole milliseconds as the nearest number of seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (ms) => {
        expect(parseQuantity(`${ms} ms`, 'time')).toEqual({ ok: true, values: [Number(`${ms}e-3`)] })
      }),
    )
  })
})
