import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TextStream } from './text-stream'

/** A tokenizer of single bytes: the hardest case for characters of several bytes. */
const detokenise = (tokens: readonly number[]): string => decode(Uint8Array.from(tokens))
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

function stream(text: string): string[] {
  const bytes = [...new TextEncoder().encode(text)]
  const texts = new TextStream((pending) => detokenise(pending))
  return bytes.map((byte, i) => texts.push(byte, i === bytes.length - 1))
}

describe('text from tokens that are parts of characters', () => {
  test('comes by whole characters', () => {
    expect(stream('a€🛰')).toEqual(['a', '', '', '€', '', '', '', '🛰'])
  })

  test('is the whole text, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        expect(stream(text).join('')).toBe(text)
      }),
    )
  })

  test('is whole behind a sign that stands for no character, and behind bytes that are none', () => {
    expect(stream('🛰é�中').join('')).toBe('🛰é�中')
    const bytes = [0xff, ...new TextEncoder().encode('中�'), 0xe4, ...new TextEncoder().encode('�🛰')]
    const texts = new TextStream((pending) => detokenise(pending))
    const parts = bytes.map((byte, i) => texts.push(byte, i === bytes.length - 1))
    expect(parts.join('')).toBe('�中���🛰')
  })

  test('is what a decoder makes of all bytes, however tokens cut them, and never far behind', () => {
    // Parts of characters, characters, and bytes that are none.
    const part = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 5 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }).map((text) => new TextEncoder().encode(text)),
      fc
        .constantFrom(0xe4, 0xb8, 0xad, 0xf0, 0x9f, 0x9b, 0xb0, 0xef, 0xbf, 0xbd)
        .map((byte) => Uint8Array.of(byte)),
    )
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 40 }), (vocabulary) => {
        const bytesOf = (tokens: readonly number[]): Uint8Array =>
          Uint8Array.from(tokens.flatMap((token) => [...(vocabulary[token] as Uint8Array)]))
        const texts = new TextStream((pending) => decode(bytesOf(pending)))
        const ids = vocabulary.map((_, id) => id)
        let text = ''
        for (const id of ids) {
          text += texts.push(id, id === ids.length - 1)
          const whole = decode(bytesOf(ids.slice(0, id + 1)))
          expect(whole.startsWith(text)).toBe(true)
          expect(whole.length - text.length).toBeLessThanOrEqual(1)
        }
        expect(text).toBe(decode(bytesOf(ids)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('is not held back for ever by what never becomes a character', () => {
    let longest = 0
    const texts = new TextStream((pending) => {
      longest = Math.max(longest, pending.length)
      return detokenise(pending)
    })
    const parts = Array.from({ length: 1_000 }, () => texts.push(0xe2, false))
    expect(parts.join('')).toBe('�'.repeat(999))
    expect(longest).toBeLessThan(6)
  })

  test('ends with what there is', () => {
    const texts = new TextStream((pending) => detokenise(pending))
    expect(texts.push(0xe2, true)).toBe('�')
  })

  test('tells the tokenizer what stood before', () => {
    const seen: (readonly number[])[] = []
    const texts = new TextStream((_pending, before) => {
      seen.push(before)
      return 'x'
    })
    for (const token of [1, 2, 3, 4, 5, 6]) texts.push(token, false)
    expect(seen.at(-1)).toEqual([2, 3, 4, 5])
  })
})
