import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProbe, plain } from './probe'

const output = '\n@skymemory-preflight\n@os\n PRETTY_NAME="Debian"\n ID=debian\n\n@perl\n@end\n'

describe('what a host tells', () => {
  it('is read in parts; those without a line were not found', () => {
    const probe = parseProbe(output)
    expect(probe?.lines('os')).toEqual(['PRETTY_NAME="Debian"', 'ID=debian'])
    expect(probe?.has('perl')).toBe(false)
    expect(probe?.one('other')).toBe('')
  })

  it('is found behind what a login shell printed', () => {
    expect(parseProbe(`Welcome!\n@os\n wrong\n${output}`)?.one('os')).toBe('PRETTY_NAME="Debian"')
  })

  it('is refused when it is not whole: cut off, flooded before it, or nothing', () => {
    for (let length = 0; length <= output.indexOf('@end') + 3; length++) {
      expect(parseProbe(output.slice(0, length))).toBeNull()
    }
    expect(parseProbe('y\n'.repeat(100_000))).toBeNull()
  })

  it('cannot make up a part: its lines are indented', () => {
    const probe = parseProbe(output.replace('ID=debian', '@sudo\n  root'))
    expect(probe?.has('sudo')).toBe(false)
  })

  it('shows no control characters, no turned text, and no more than fits', () => {
    expect(plain('\u001b[31mred\u001b[0m\u0007')).toBe('\\x1b[31mred\\x1b[0m\\x07')
    expect(plain('exe.\u202egnp')).toBe('exe.\\u202egnp')
    expect(plain('CPU(s):\t\t8\r')).toBe('CPU(s): 8')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        const shown = plain(text)
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
        expect(shown.length).toBeLessThanOrEqual(200)
      }),
    )
  })
})
