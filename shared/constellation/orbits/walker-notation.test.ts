import { expect, test } from 'vitest'
import { parseWalkerNotation } from './walker-notation'

test('reads i:T/P/F', () => {
  expect(parseWalkerNotation('53:1584/72/65')).toEqual({
    inclinationDeg: 53,
    slots: 22,
    planes: 72,
    phasing: 65,
  })
  expect(parseWalkerNotation(' 87.9:588/12/0 ')).toEqual({
    inclinationDeg: 87.9,
    slots: 49,
    planes: 12,
    phasing: 0,
  })
})

test.each([
  ['', /"" is not the notation/],
  ['53:1584/72', /"53:1584\/72" is not the notation/],
  ['-53:1584/72/1', /is not the notation/],
  ['53:1584/72/1.5', /is not the notation/],
  ['NaN:4/2/1', /is not the notation/],
  ['53:1585/72/1', /1585 satellites do not fill 72 planes evenly/],
  ['53:10/0/0', /10 satellites do not fill 0 planes/],
  ['53:0/5/0', /0 satellites do not fill 5 planes/],
])('refuses %j', (text, message) => {
  expect(() => parseWalkerNotation(text)).toThrow(message)
})
