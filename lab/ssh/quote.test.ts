import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandLine, longestCommandBytes, quoteWord } from './quote'

/** Any text that a program can be given; surrogates without a partner have no UTF-8. */
const word = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...`'"\\\`$(){}[]*?~!#&|;<> \n\t%^=@-abc`), maxLength: 40 }),
  )
  .map((text) => text.replaceAll('\0', ''))

const shells = ['sh', 'bash', 'dash', 'zsh', 'ksh', 'fish', 'busybox'] as const

describe.each(shells)('%s', (shell) => {
  it('reads every word as it is', ({ skip }) => {
    if (spawnSync(shell, ['-c', 'true']).error) return skip(`${shell} is not installed`)
    const args = shell === 'busybox' ? ['sh', '-c'] : ['-c']
    const print = (words: readonly string[]): string =>
      execFileSync(shell, [...args, commandLine(['printf', '%s\\0', ...words])], { encoding: 'utf8' })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        expect(print(words).split('\0').slice(0, -1)).toEqual(words)
      }),
      { numRuns: 150 },
    )
  })
})

it('has words that mean nothing to a shell', () => {
  expect(quoteWord('')).toBe(`''`)
  expect(quoteWord(`it's $(id) \\`)).toBe(`'it'\\''s $(id) '\\\\''`)
})

it('refuses what no program can be given', () => {
  expect(() => commandLine(['echo', 'a\0b'])).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
  expect(() => commandLine([])).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
  expect(() => commandLine(['echo', 'x'.repeat(longestCommandBytes)])).toThrow(/takes at most 131071/)
})
