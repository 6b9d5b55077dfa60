import { expect, it } from 'vitest'
import { isSupportedNode, requireNode } from './node-version.mjs'

it.each([
  ['20.18.0', true],
  ['20.20.2', true],
  ['22.0.0', true],
  ['20.17.9', false],
  ['18.99.0', false],
])('Node %s', (version, supported) => {
  expect(isSupportedNode(version)).toBe(supported)
})

it('says which Node it is, and which it should be', () => {
  expect(() => requireNode('18.1.0')).toThrow(/needs Node.js 20.18 or newer; this is 18.1.0/)
})
