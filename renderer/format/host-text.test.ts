import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostLine, longestHostLine } from './host-text'

describe('a line of a host', () => {
  it.each([
    ['plain: 12 °C\tx', 'plain: 12 °C\tx'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a\u0000b\u007f\r', 'a\\x00b\\x7f\\r'],
    ['two\nlines', 'two\\nlines'],
    ['safe\u202egnp.exe', 'safe\\u202egnp.exe'],
    ['c1 \u009b31m', 'c1 \\x9b31m'],
    ['hid\u200bden\u{e0041}', 'hid\\u200bden\\u{e0041}'],
  ])('%j is shown as %s', (line, shown) => {
    expect(hostLine(line)).toBe(shown)
  })

  it('is bounded, and says by how much', () => {
    const shown = hostLine('x'.repeat(longestHostLine + 500))
    expect(shown.endsWith('… 500 more characters')).toBe(true)
    expect(shown.length).toBeLessThan(longestHostLine + 40)
  })

  it('never holds a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (line) => {
        expect(hostLine(line)).not.toMatch(/[^\P{Cc}\t]/u)
      }),
    )
  })
})
