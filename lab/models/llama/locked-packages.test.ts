import { readFileSync } from 'node:fs'
import { join, posix, win32 } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { installedLock, isSame, packagesForHosts, parseLock } from './locked-packages'
import { readLlamaManifest } from './llama-manifest'

const real = join(import.meta.dirname, '../../../agent/llama')
const integrity = 'sha512-AAAA'
const lockOf = (packages: object) => parseLock(JSON.stringify({ packages: { '': {}, ...packages } }))

describe('the packages of a lock file', () => {
  it('are those for Linux with glibc, by the names that registries know', () => {
    const linux = { version: '1.0.0', integrity, os: ['linux'] }
    const locked = lockOf({
      'node_modules/plain': { version: '1.0.0', integrity },
      'node_modules/@a/b': { version: '1.0.0', integrity },
      'node_modules/x/node_modules/@a/b': { version: '2.0.0', integrity },
      'node_modules/alias': { name: 'other', version: '1.0.0', integrity },
      'node_modules/both': { ...linux, cpu: ['arm64', 'x64'], libc: ['glibc'] },
      'node_modules/arm': { ...linux, cpu: ['arm64'] },
      'node_modules/musl': { ...linux, libc: ['musl'] },
      'node_modules/mac': { ...linux, os: ['darwin'] },
    })
    expect(packagesForHosts(locked)).toEqual([
      { path: 'node_modules/plain', package: 'plain', version: '1.0.0', integrity },
      { path: 'node_modules/@a/b', package: '@a/b', version: '1.0.0', integrity },
      { path: 'node_modules/x/node_modules/@a/b', package: '@a/b', version: '2.0.0', integrity },
      { path: 'node_modules/alias', package: 'other', version: '1.0.0', integrity },
      { path: 'node_modules/both', package: 'both', version: '1.0.0', integrity },
    ])
  })

  it('of this program have what both architectures need', () => {
    const locked = parseLock(readFileSync(join(real, 'package-lock.json'), 'utf8'))
    const paths = packagesForHosts(locked).map(({ path }) => path)
    expect(paths).toContain('node_modules/node-llama-cpp')
    expect(paths).toContain('node_modules/@node-llama-cpp/linux-x64')
    expect(paths).toContain('node_modules/@node-llama-cpp/linux-arm64')
    expect(paths.filter((path) => /darwin|win32|musl/.test(path))).toEqual([])
  })

  it.each([
    ['no JSON', '{'],
    ['no packages', '{}'],
    ['a package without a version', { 'node_modules/a': { integrity } }],
    ['a package without a checksum', { 'node_modules/a': { version: '1.0.0' } }],
    ['a weak checksum', { 'node_modules/a': { version: '1.0.0', integrity: 'sha1-AAAA' } }],
    ['a folder outside', { 'node_modules/../../a': { version: '1.0.0', integrity } }],
    ['a folder elsewhere', { '/etc': { version: '1.0.0', integrity } }],
    ['a folder of another kind', { 'node_modules/..\\..\\a': { version: '1.0.0', integrity } }],
  ])('are refused with %s', (_, given) => {
    expect(() => (typeof given === 'string' ? parseLock(given) : lockOf(given))).toThrow()
  })
})

it('a lock file never leads out of node_modules', () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'node_modules', '@a', 'C:', '\\\\'), fc.string())
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const path = ['node_modules', ...parts].join('/')
      try {
        lockOf({ [path]: { version: '1.0.0', integrity } })
      } catch {
        return
      }
      const folders = [posix.resolve('/data', path), win32.resolve('C:/data', path)]
      expect(folders[0]).toMatch(/^\/data\/node_modules(\/|$)/)
      expect(folders[1]).toMatch(/^C:\\data\\node_modules(\\|$)/)
    }),
  )
})

describe('an installation', () => {
  const wanted = lockOf({
    'node_modules/a': { version: '1.0.0', integrity },
    'node_modules/b': { version: '1.0.0', integrity, optional: true, os: ['linux'] },
  })

  it('is what is wanted when it was written by this program, or by npm without what is optional', () => {
    expect(isSame(wanted, parseLock(installedLock(wanted, packagesForHosts(wanted))))).toBe(true)
    expect(isSame(wanted, lockOf({ 'node_modules/a': { version: '1.0.0', integrity } }))).toBe(true)
  })

  it.each([
    ['a package is missing', { 'node_modules/b': { version: '1.0.0', integrity } }],
    ['a package has another version', { 'node_modules/a': { version: '1.0.1', integrity } }],
    ['a package has other bytes', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-BBBB' } }],
    [
      'an optional package has another version',
      {
        'node_modules/a': { version: '1.0.0', integrity },
        'node_modules/b': { version: '2.0.0', integrity },
      },
    ],
  ])('is another one when %s', (_, packages) => {
    expect(isSame(wanted, lockOf(packages))).toBe(false)
  })

  it('cannot be made by a program that is not complete', async () => {
    await expect(readLlamaManifest(join(real, 'nowhere'))).rejects.toMatchObject({
      code: 'not_found',
      hint: expect.stringContaining('npm run build') as string,
    })
  })
})
