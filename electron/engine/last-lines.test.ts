import { describe, expect, it } from 'vitest'
import { LastLines } from './last-lines'

describe('LastLines', () => {
  it('joins what came in pieces and keeps an unfinished line', () => {
    const last = new LastLines()
    last.add('one\ntw')
    last.add('o\r\n\nthr')
    expect(last.lines).toEqual(['one', 'two', 'thr'])
  })

  it('keeps the last twelve lines, each cut to a bearable length', () => {
    const last = new LastLines()
    for (let line = 0; line < 1000; line++) last.add(`${line}\n`)
    last.add('x'.repeat(100_000))
    expect(last.lines).toHaveLength(12)
    expect(last.lines.at(-2)).toBe('999')
    expect(last.lines.at(-1)).toHaveLength(300)
  })
})
