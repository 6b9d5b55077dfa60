import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../testing/folders'
import { knownHostName, parseKnownHosts } from './known-hosts'

const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIHVXwxbjm1gJvWTaBxAVbxJ2hLjGjRwHVTSlCmD4VnPT'
const matching = (text: string, name: string): number[] =>
  parseKnownHosts(text)
    .filter((each) => each.matches(name))
    .map(({ line }) => line)

describe('known_hosts', () => {
  it('names hosts in clear, with ports, patterns and exceptions', () => {
    const text = [
      '# a comment',
      '',
      `nuc1,10.0.0.1 ssh-ed25519 ${key} a comment`,
      `[nuc1]:2222 ssh-ed25519 ${key}`,
      `*.lab.example,!bad.lab.example\tssh-ed25519 ${key}`,
      `nuc? ssh-ed25519 ${key}`,
      'nuc1',
      'nuc1 ssh-ed25519',
    ].join('\r\n')
    expect(matching(text, knownHostName('NUC1', 22))).toEqual([3, 6])
    expect(matching(text, knownHostName('10.0.0.1', 22))).toEqual([3])
    expect(matching(text, knownHostName('nuc1', 2222))).toEqual([4])
    expect(matching(text, 'a.lab.example')).toEqual([5])
    expect(matching(text, 'bad.lab.example')).toEqual([])
  })

  it('tells revoked keys and authorities from others', () => {
    const text = `@revoked nuc1 ssh-ed25519 ${key}\n@cert-authority * ssh-ed25519 ${key}\n@unknown nuc1 ssh-ed25519 ${key}\n`
    expect(parseKnownHosts(text).map(({ marker }) => marker)).toEqual(['revoked', 'authority'])
  })

  it('reads what ssh-keygen has hashed', () => {
    const file = join(temporaryFolder(), 'known_hosts')
    writeFileSync(file, `nuc1 ssh-ed25519 ${key}\n[10.0.0.1]:2222 ssh-ed25519 ${key}\n`)
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' })
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(/^\|1\|/)
    expect(matching(text, 'nuc1')).toEqual([1])
    expect(matching(text, knownHostName('10.0.0.1', 2222))).toEqual([2])
    expect(matching(text, 'nuc2')).toEqual([])
  })

  it('matches patterns as a regular expression would', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 8 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
    fc.assert(
      fc.property(pattern, name, (glob, text) => {
        const expected = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text)
        expect(matching(`${glob} ssh-ed25519 ${key}`, text)).toEqual(expected ? [1] : [])
      }),
    )
  })

  it('survives any file', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        for (const host of parseKnownHosts(text)) host.matches('nuc1')
      }),
    )
    // Many stars are no trap.
    expect(matching(`${'*a'.repeat(100)}b ssh-ed25519 ${key}`, 'a'.repeat(1_000))).toEqual([])
  })
})
