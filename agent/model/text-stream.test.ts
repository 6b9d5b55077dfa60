import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TextStream } from './text-stream'

/** A tokenizer of single bytes: the hardest case for characters of several bytes. */
const detokenise = (tokens: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(tokens))

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

  test('is not held back for ever by what never becomes a character', () => {
    const texts = new TextStream((pending) => detokenise(pending))
    expect([0xe2, 0xe2, 0xe2, 0xe2].map((byte) => texts.push(byte, false))).toEqual(['', '', '', '����'])
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
