import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineCutter, linesOf, type Line } from './lines'

/** All lines of bytes that arrive in these pieces. */
function cut(pieces: readonly Buffer[], longest?: number): Line[] {
  const cutter = new LineCutter(longest)
  return [...pieces.flatMap((piece) => cutter.push(piece)), ...cutter.end()]
}

/** A buffer in pieces that end at these places. */
function inPieces(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}

const anyText = fc.array(fc.constantFrom('a', 'é', '漢', '🛰', ' ', '\n', '\n\n', '\r\n'), { maxLength: 60 })

describe('lines', () => {
  test('are those of the text, wherever the pieces end', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(), { maxLength: 8 }), (parts, places) => {
        const text = parts.join('')
        const lines = cut(inPieces(Buffer.from(text), places))
        const expected = text
          .split('\n')
          .flatMap((line, index) => (line.trim() === '' ? [] : [{ number: index + 1, text: line }]))
        expect(
          lines.map((line) => (line.kind === 'text' ? { number: line.number, text: line.text } : line)),
        ).toEqual(expected)
      }),
    )
  })

  test('longer than the limit are bad, and the others are not lost, wherever the pieces end', () => {
    const anyLines = fc.array(fc.nat(12), { maxLength: 12 })
    fc.assert(
      fc.property(anyLines, fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), (lengths, places, ended) => {
        const text = lengths.map((length) => 'x'.repeat(length)).join('\n') + (ended ? '\n' : '')
        const lines = cut(inPieces(Buffer.from(text), places), 6)
        const expected = lengths.flatMap((length, index) =>
          length === 0 ? [] : [[index + 1, length > 6 ? 'it is longer than 6 B' : 'x'.repeat(length)]],
        )
        expect(lines.map((line) => [line.number, line.kind === 'bad' ? line.reason : line.text])).toEqual(
          expected,
        )
      }),
    )
  })

  test('that are not UTF-8 are bad; a byte order mark is none of the text', () => {
    const bytes = Buffer.concat([
      Buffer.from('\uFEFFone\n'),
      Buffer.from([0x61, 0xff, 0x0a]),
      Buffer.from('three'),
    ])
    expect(cut([bytes])).toEqual([
      { kind: 'text', number: 1, text: 'one', endsFile: false },
      { kind: 'bad', number: 2, reason: 'it is not UTF-8' },
      { kind: 'text', number: 3, text: 'three', endsFile: true },
    ])
  })

  test('without end keep no more than the limit', async () => {
    let pulled = 0
    async function* endless(): AsyncGenerator<Buffer> {
      for (; pulled < 200; pulled++) yield Buffer.alloc(64 * 1024, 0x61)
      yield Buffer.from('\nlast')
    }
    const lines: Line[] = []
    for await (const some of linesOf(endless(), 128 * 1024)) lines.push(...some)
    expect(pulled).toBe(200)
    expect(lines).toEqual([
      { kind: 'bad', number: 1, reason: 'it is longer than 131072 B' },
      { kind: 'text', number: 2, text: 'last', endsFile: true },
    ])
  })
})
