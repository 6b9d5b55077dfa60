import { expect, it } from 'vitest'
import { shownLogLine } from './shown-log-line'

const line = (at: number, text: string): string => JSON.stringify({ at, level: 'info', text })

it('shows when an agent said something', () => {
  expect(shownLogLine(line(1_700_000_000_000, 'listens'))).toEqual({
    said: { at: '2023-11-14T22:13:20.000Z', level: 'info' },
    text: 'listens',
  })
})

it('escapes what a terminal would obey, also what JSON spells out', () => {
  expect(shownLogLine(line(1, 'a\u001b[31m\nb\u202e\tc')).text).toBe('a\\x1b[31m\\nb\\u202e\tc')
  expect(shownLogLine('\u001b]0;x\u0007').text).toBe('\\x1b]0;x\\x07')
})

it('shows a line with a time that no calendar has, and reads one that is longer than what is shown', () => {
  expect(shownLogLine(line(1e300, 'odd'))).toEqual({ said: null, text: 'odd' })
  const { said, text } = shownLogLine(line(1, 'x'.repeat(10_000)))
  expect(said?.level).toBe('info')
  expect(text).toBe(`${'x'.repeat(1_999)}…`)
})
