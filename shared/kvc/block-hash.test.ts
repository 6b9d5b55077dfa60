import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SkyError } from '../contract/errors'
import { blockHashes, hashText, namespaceHash, type CacheNamespace } from './block-hash'

const namespace: CacheNamespace = { model: 'tinyllama', kvType: 'f16', layoutVersion: 1, tenantSalt: 'sält' }
const texts = (tokens: ArrayLike<number>, blockTokens: number, ns: CacheNamespace | Uint8Array = namespace) =>
  blockHashes(tokens, blockTokens, ns).map(hashText)

describe('block hashes', () => {
  // Made with another implementation of SHA-256 from the definition.
  test('known answers', () => {
    expect(hashText(namespaceHash(namespace))).toBe(
      'f70d65d1b5123829b239858d00d4d39b2fe85fbd84db78ab4df32609b42337b9',
    )
    const tokens = [1, 2, 3, 4, 5, 6, 7, 0xffffffff, 8]
    expect(texts(tokens, 4)).toEqual([
      '49fe84a4decce5500a5043fdb683c1dc53c1aca4a114606d2a31c232bb59ed73',
      'bb98b1f93355d89f4ff9af598a73e453723c6cf2cf15e84e8a696640437cc49a',
    ])
  })

  test('a namespace and its hash give the same chain; any typed array will do', () => {
    const tokens = Uint32Array.from({ length: 300 }, (_, i) => i * 7)
    expect(texts(tokens, 128, namespaceHash(namespace))).toEqual(texts([...tokens], 128))
  })

  test('only full blocks are hashed', () => {
    expect(texts(new Uint32Array(127), 128)).toHaveLength(0)
    expect(texts(new Uint32Array(128), 128)).toHaveLength(1)
    expect(texts(new Uint32Array(255), 128)).toHaveLength(1)
  })

  test('equal prefixes have equal hashes, and everything from the first difference on differs', () => {
    const tokens = fc.array(fc.nat(31_999), { minLength: 8, maxLength: 64 })
    fc.assert(
      fc.property(tokens, fc.nat(), fc.integer({ min: 1, max: 8 }), (prompt, where, blockTokens) => {
        const changed = prompt.with(where % prompt.length, 32_000)
        const [a, b] = [texts(prompt, blockTokens), texts(changed, blockTokens)]
        const firstChanged = Math.floor((where % prompt.length) / blockTokens)
        expect(b.slice(0, firstChanged)).toEqual(a.slice(0, firstChanged))
        for (let block = firstChanged; block < a.length; block++) expect(b[block]).not.toBe(a[block])
      }),
    )
  })

  test('every field of the namespace counts, and fields cannot be shifted into each other', () => {
    const others: CacheNamespace[] = [
      { ...namespace, model: 'tinyllama2' },
      { ...namespace, kvType: 'q8_0' },
      { ...namespace, layoutVersion: 2 },
      { ...namespace, tenantSalt: '' },
      { ...namespace, model: 'tinyllama","f16', kvType: '' },
      { ...namespace, model: '', kvType: 'tinyllamaf16' },
    ]
    const hashes = [namespace, ...others].map((ns) => hashText(namespaceHash(ns)))
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  test.each([[-1], [0.5], [2 ** 32], [NaN]])('refuses %s as a token', (token) => {
    expect(() => texts([token], 1)).toThrow(SkyError)
  })

  test.each([[0], [-1], [1.5]])('refuses blocks of %s tokens', (blockTokens) => {
    expect(() => texts([1], blockTokens)).toThrow(SkyError)
  })
})
