import fc from 'fast-check'
import { expect, it } from 'vitest'
import { utf8Text } from './utf8'

it('reads what an encoder wrote', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 5_000 }), (text) => {
      expect(utf8Text(new TextEncoder().encode(text))).toBe(text)
    }),
  )
})

it('reads any bytes, as text of a valid form', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = utf8Text(bytes)
      expect(text).not.toMatch(/\p{Surrogate}/u)
      let expected: string
      try {
        expected = strict.decode(bytes)
      } catch {
        expect(text).toContain('\ufffd')
        return
      }
      expect(text).toBe(expected)
    }),
    { numRuns: 2_000 },
  )
})

it.each([
  ['an overlong form', [0xc0, 0x80]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a point above Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ['a sequence that ends early', [0xe2, 0x82]],
])('does not take %s', (_, bytes) => {
  expect(utf8Text(Uint8Array.from(bytes))).toBe('\ufffd'.repeat(bytes.length))
})
