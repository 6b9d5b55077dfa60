import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { yamlText } from './yaml-text'

it('a list of plain values stands on one line, a list of maps does not', () => {
  const value = { planes: [0, 1], jump: [], hosts: [{ name: 'a', jump: ['b', 'c'] }] }
  const text = yamlText(value)
  expect(text).toBe('planes: [0, 1]\njump: []\nhosts:\n  - name: a\n    jump: [b, c]\n')
  expect(parse(text)).toEqual(value)
})
