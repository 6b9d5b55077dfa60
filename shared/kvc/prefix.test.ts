import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { manifestProblem } from './manifest'
import {
  afterProbe,
  contiguousPrefix,
  fullBlocks,
  missingBlocks,
  nextProbe,
  startSearch,
  usablePrefix,
} from './prefix'

describe('contiguousPrefix', () => {
  test('ends at the first gap', () => {
    expect(contiguousPrefix([])).toBe(0)
    expect(contiguousPrefix([false, true])).toBe(0)
    expect(contiguousPrefix([true, true, false, true])).toBe(2)
    expect(contiguousPrefix([true, true])).toBe(2)
  })
})

describe('missingBlocks', () => {
  test('are those behind the prefix, and the purged ones of it', () => {
    expect(missingBlocks(5, 2, [])).toEqual([2, 3, 4])
    expect(missingBlocks(5, 4, [1, 3])).toEqual([1, 3, 4])
    expect(missingBlocks(3, 3, [])).toEqual([])
    expect(missingBlocks(0, 0, [])).toEqual([])
  })
})

describe('usablePrefix', () => {
  test('leaves at least one token of the prompt to evaluate', () => {
    expect(usablePrefix(6, 768, 128)).toBe(5)
    expect(usablePrefix(6, 769, 128)).toBe(6)
    expect(usablePrefix(1, 1, 1)).toBe(0)
    expect(usablePrefix(0, 0, 128)).toBe(0)
  })

  test('is the longest such prefix', () => {
    const any = fc.record({
      hit: fc.nat(50),
      tokens: fc.integer({ min: 1, max: 5_000 }),
      block: fc.integer({ min: 1, max: 300 }),
    })
    fc.assert(
      fc.property(any, ({ hit, tokens, block }) => {
        const blocks = Math.min(hit, fullBlocks(tokens, block))
        const usable = usablePrefix(blocks, tokens, block)
        expect(usable * block).toBeLessThan(tokens)
        if (usable < blocks) expect((usable + 1) * block).toBeGreaterThanOrEqual(tokens)
        expect(usable).toBeLessThanOrEqual(blocks)
      }),
    )
  })
})

describe('binary search for the prefix', () => {
  test('finds the cached prefix in at most log2 questions', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(), (blocks, some) => {
        const cached = some % (blocks + 1)
        let search = startSearch(blocks)
        let questions = 0
        for (let probe = nextProbe(search); probe !== null; probe = nextProbe(search)) {
          expect(probe).toBeLessThan(blocks)
          search = afterProbe(search, probe, probe < cached)
          questions++
        }
        expect(search.low).toBe(cached)
        expect(questions).toBeLessThanOrEqual(Math.ceil(Math.log2(blocks + 1)))
      }),
    )
  })
})

describe('manifestProblem', () => {
  const manifest = { chunkCount: 235, byteLength: 2_883_584, checksum: new Uint8Array(16), epoch: 3 }
  test('a right one has none', () => {
    expect(manifestProblem(manifest, 2_883_584, 12_288)).toBeNull()
  })
  test.each([{ chunkCount: 234 }, { byteLength: 1 }, { checksum: new Uint8Array(4) }])(
    '%j is wrong',
    (wrong) => {
      expect(manifestProblem({ ...manifest, ...wrong }, 2_883_584, 12_288)).not.toBeNull()
    },
  )
})
