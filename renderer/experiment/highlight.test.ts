import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { highlightLine } from './highlight'

describe('colouring of YAML', () => {
  it('never changes the text', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('\n')),
        (line) => {
          expect(
            highlightLine(line)
              .map((piece) => piece.text)
              .join(''),
          ).toBe(line)
        },
      ),
    )
  })

  it('tells keys, numbers, marks and comments apart', () => {
    const kinds = highlightLine('  servers: [9, 25] # two sizes').filter((piece) => piece.text.trim() !== '')
    expect(kinds).toEqual([
      { kind: 'key', text: 'servers' },
      { kind: 'mark', text: ':' },
      { kind: 'mark', text: '[' },
      { kind: 'number', text: '9' },
      { kind: 'mark', text: ',' },
      { kind: 'number', text: '25' },
      { kind: 'mark', text: ']' },
      { kind: 'comment', text: '# two sizes' },
    ])
  })

  it('takes no hash inside quotes for a comment', () => {
    expect(highlightLine('name: "a # b"').some((piece) => piece.kind === 'comment')).toBe(false)
  })
})
