import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BlockNumbers } from './block-numbers'
import { NumberTable } from './number-table'
import { parsePrefixModel, prefixModelText, PromptModel } from './prefix-model'
import { ChainedBlocks } from './prompt-chain'
import { TokenStream } from './token-stream'

const anyKey = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.maxSafeInteger(),
  fc.nat(1000).map((step) => step * 2 ** 32),
)

test('a number table does what a Map does', () => {
  fc.assert(
    fc.property(fc.array(anyKey, { maxLength: 3000, size: 'max' }), (keys) => {
      const table = new NumberTable()
      const map = new Map<number, number>()
      for (const key of keys) {
        expect(table.get(key)).toBe(map.get(key) ?? -1)
        if (map.has(key)) continue
        table.add(key, map.size)
        map.set(key, map.size)
      }
      expect(table.size).toBe(map.size)
      for (const [key, value] of map) expect(table.get(key)).toBe(value)
    }),
    { numRuns: 30 },
  )
})

describe('block numbers', () => {
  const anyId = fc.oneof(fc.nat(12), anyKey)
  const anyStep = fc.oneof(anyId, fc.constant('fresh' as const))

  test('are dense, in the order of first use, and the same for the same id', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
        const numbers = new BlockNumbers()
        const known = new Map<number, number>()
        let count = 0
        for (const step of steps) {
          if (step === 'fresh') {
            expect(numbers.fresh()).toBe(count++)
            continue
          }
          const expected = known.get(step) ?? count++
          known.set(step, expected)
          expect(numbers.numberOf(step)).toBe(expected)
          expect(numbers.count).toBe(count)
        }
      }),
    )
  })

  test('of a file that numbers its blocks itself are the same numbers', () => {
    const numbers = new BlockNumbers()
    for (const id of [0, 1, 2, 0, 3, 1, 4]) expect(numbers.numberOf(id)).toBe(id)
    // Then one that is out of order.
    expect(numbers.numberOf(9)).toBe(5)
    expect(numbers.numberOf(6)).toBe(6)
    expect(numbers.numberOf(5)).toBe(7)
    expect([4, 9, 5].map((id) => numbers.numberOf(id))).toEqual([4, 5, 7])
  })
})

/** Numbers from 0. */
function counter(): () => number {
  let next = 0
  return () => next++
}

describe('a stream of tokens', () => {
  test('gives two lengths the same whole blocks, and the same partial one only where they are equal', () => {
    const length = fc.nat(60)
    fc.assert(
      fc.property(
        fc.array(length, { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        (lengths, size) => {
          const stream = new TokenStream(size, counter())
          const prompts = lengths.map((tokens) => ({ tokens, blocks: stream.blocks(tokens) }))
          for (const a of prompts) {
            expect(a.blocks).toHaveLength(Math.ceil(a.tokens / size))
            for (const b of prompts) {
              const common = a.blocks.filter((block) => b.blocks.includes(block))
              const whole = Math.floor(Math.min(a.tokens, b.tokens) / size)
              expect(common).toEqual(a.tokens === b.tokens ? a.blocks : a.blocks.slice(0, whole))
            }
          }
        },
      ),
    )
  })
})

describe('chained blocks', () => {
  test('are equal exactly where tokens are equal after an equal prefix', () => {
    const tokens = fc.array(fc.nat(1), { maxLength: 14 })
    fc.assert(
      fc.property(
        fc.array(tokens, { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        (prompts, size) => {
          const blocks = new ChainedBlocks(size, counter())
          const numbered = prompts.map((prompt) => blocks.chain().blocksWith(prompt))
          const keys = new Map<number, string>()
          prompts.forEach((prompt, index) => {
            numbered[index]?.forEach((block, place) => {
              const key = prompt.slice(0, (place + 1) * size).join('')
              expect(keys.get(block) ?? key).toBe(key)
              keys.set(block, key)
            })
          })
          expect(new Set(keys.values()).size).toBe(keys.size)
        },
      ),
    )
  })

  test('are the same whether a prompt comes at once or in pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(3), { maxLength: 9 }), { maxLength: 6 }),
        fc.array(fc.nat(3)),
        (pieces, tail) => {
          const blocks = new ChainedBlocks(3, counter())
          const grown = blocks.chain()
          for (const piece of pieces) grown.append(piece)
          expect(grown.tokens).toBe(pieces.flat().length)
          expect(grown.blocksWith(tail)).toEqual(blocks.chain().blocksWith([...pieces.flat(), ...tail]))
        },
      ),
    )
  })
})

describe('prefix models', () => {
  test.each(['none', 'session', 'shared:512'])('%s is read as it is written', (text) => {
    expect(prefixModelText(parsePrefixModel(text))).toBe(text)
  })

  test.each([
    '',
    'some',
    'shared',
    'shared:',
    'shared:0',
    'shared:-1',
    'shared:1.5',
    'shared:1e3',
    'shared:999999999999',
  ])('"%s" is refused', (text) => {
    expect(() => parsePrefixModel(text)).toThrow(/is no prefix model/)
  })

  test('share whole blocks of the system prompt, never one with tokens of a request', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.nat(40),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (a, b, shared, size) => {
          const model = new PromptModel({ kind: 'shared', tokens: shared }, size, counter())
          const [one, other] = [model.blocks(a, null), model.blocks(b, null)]
          expect([one.length, other.length]).toEqual([Math.ceil(a / size), Math.ceil(b / size)])
          const common = one.filter((block) => other.includes(block)).length
          const same = a === b && a <= shared ? one.length : Math.floor(Math.min(a, b, shared) / size)
          expect(common).toBe(same)
        },
      ),
    )
  })
})
