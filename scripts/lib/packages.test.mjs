import { describe, expect, it } from 'vitest'
import { isInstalled } from './packages.mjs'

const a = { version: '1.0.0', integrity: 'sha512-a' }
const b = { version: '2.0.0', integrity: 'sha512-b' }
const wanted = {
  packages: { '': { version: '0.1.0' }, 'node_modules/a': a, 'node_modules/b': { ...b, optional: true } },
}

describe('isInstalled', () => {
  it('accepts what the lockfile says, without the optional packages of other systems', () => {
    expect(isInstalled(wanted, { packages: { 'node_modules/a': a, 'node_modules/b': b } })).toBe(true)
    expect(isInstalled(wanted, { packages: { 'node_modules/a': a } })).toBe(true)
  })

  it.each([
    ['a package is missing', { 'node_modules/b': b }],
    ['a version differs', { 'node_modules/a': { ...a, version: '1.0.1' } }],
    ['the content differs', { 'node_modules/a': { ...a, integrity: 'sha512-c' } }],
    ['an optional package is of another version', { 'node_modules/a': a, 'node_modules/b': a }],
    ['a package is there that nobody wants', { 'node_modules/a': a, 'node_modules/c': b }],
  ])('refuses when %s', (_why, packages) => {
    expect(isInstalled(wanted, { packages })).toBe(false)
  })
})
