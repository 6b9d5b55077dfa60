import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable, printableLines, quotedLine } from './printable'

describe('a text of another machine', () => {
  it.each([
    ['plain: 12 °C, 😀', 'plain: 12 °C, 😀'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['a\nb\tc\r', 'a\\nb\\tc\\r'],
    ['safe\u202egnp.exe', 'safe\\u202egnp.exe'],
    ['zero\u200bwidth \ufeff', 'zero\\u200bwidth \\ufeff'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['half\ud83d', 'half\\ud83d'],
  ])('%j is shown as %s', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('keeps its lines and tabs where they are wanted', () => {
    expect(printable('a\n\tb\r\u0007', { lines: true })).toBe('a\n\tb\\r\\x07')
  })

  it('never holds what a terminal would obey, nor what hides or turns text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
      }),
    )
  })
})

it('quotes the first line alone, up to a length', () => {
  expect(quotedLine('  one\ntwo')).toBe('one')
  expect(quotedLine('x'.repeat(400))).toBe(`${'x'.repeat(299)}…`)
})

it('shows lines one by one, without those that are empty, each up to a length', () => {
  expect(printableLines('one  \r\n\n\u001btwo\tx\n' + 'y'.repeat(600))).toEqual([
    'one',
    '\\x1btwo\tx',
    'y'.repeat(500),
  ])
})
