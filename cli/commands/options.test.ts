import { InvalidArgumentError } from 'commander'
import { expect, it } from 'vitest'
import { slotAndPlane, wholeNumber } from './options'

it('a position is SLOT,PLANE', () => {
  expect(slotAndPlane('9,2')).toEqual({ slot: 9, plane: 2 })
  for (const text of ['9', '9,', ',2', '9;2', '-1,2', '9,2,1', '9, 2', '1.5,2', ''])
    expect(() => slotAndPlane(text)).toThrow(InvalidArgumentError)
})

it('a whole number is one from its least value on', () => {
  const parse = wholeNumber(1)
  expect([parse('1'), parse('65535')]).toEqual([1, 65_535])
  for (const text of ['0', '-1', '1.5', '1e3', '0x10', ' 1', '', 'one', '9007199254740993'])
    expect(() => parse(text)).toThrow(InvalidArgumentError)
})
