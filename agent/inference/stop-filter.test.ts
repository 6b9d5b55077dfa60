import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StopFilter } from './stop-filter'

describe('the stop filter', () => {
  test('lets through exactly what stands before the first stop sequence, however the text is cut', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 })
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), {
      maxLength: 3,
    })
    fc.assert(
      fc.property(letters, stops, fc.integer({ min: 1, max: 5 }), (text, sequences, piece) => {
        const filter = new StopFilter(sequences)
        let out = ''
        for (let at = 0; at < text.length; at += piece) out += filter.push(text.slice(at, at + piece))
        out += filter.end()
        // A sequence counts as soon as it is complete, so the one that ends first decides.
        const ends = sequences.flatMap((stop) => {
          const at = text.indexOf(stop)
          return at === -1 ? [] : [at]
        })
        expect(filter.stopped).toBe(ends.length > 0)
        if (ends.length === 0) expect(out).toBe(text)
        else expect(text.startsWith(out)).toBe(true)
        for (const stop of sequences) expect(out.includes(stop)).toBe(false)
      }),
    )
  })
})
