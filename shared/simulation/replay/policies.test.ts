import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cachePolicies } from './block-cache'
import { BlockTable } from './block-table'
import { cacheFor } from './create-cache'
import { anyCapacity, traceOf } from './testing/any-trace'
import { naiveCache } from './testing/naive-caches'

/** Skewed, so that some blocks come back often and others once. */
const anyReferences = fc.array(fc.oneof(fc.nat(4), fc.nat(12), fc.nat(40)), { maxLength: 400 })

describe.each(cachePolicies)('%s', (policy) => {
  test('does what its plainest form does', () => {
    fc.assert(
      fc.property(anyReferences, anyCapacity, (references, capacity) => {
        const cache = cacheFor(traceOf([references]), policy, capacity)
        const naive = naiveCache(policy, capacity, references)
        references.forEach((block) => {
          expect(cache.has(block)).toBe(naive.blocks().includes(block))
          expect(cache.touch(block)).toBe(naive.touch(block))
          // Of blocks that are never used again, the optimum may keep any.
          if (policy !== 'optimum') {
            const held = Array.from({ length: 41 }, (_, each) => each).filter((each) => cache.has(each))
            expect(held).toEqual([...naive.blocks()].sort((a, b) => a - b))
          }
          expect(cache.size).toBe(naive.blocks().length)
        })
      }),
      { numRuns: 200 },
    )
  })

  test('never holds more than its capacity, and loses nothing but what it evicts', () => {
    fc.assert(
      fc.property(anyReferences, anyCapacity, (references, capacity) => {
        const cache = cacheFor(traceOf([references]), policy, capacity)
        let inserted = 0
        for (const block of references) {
          if (!cache.touch(block)) inserted += 1
          expect(cache.size).toBeLessThanOrEqual(capacity)
          expect(cache.size).toBe(inserted - cache.evictions)
        }
      }),
    )
  })

  test('holds everything where there is room for everything', () => {
    fc.assert(
      fc.property(anyReferences, fc.constantFrom(41, Infinity), (references, capacity) => {
        const cache = cacheFor(traceOf([references]), policy, capacity)
        const seen = new Set<number>()
        for (const block of references) {
          expect(cache.touch(block)).toBe(seen.has(block))
          seen.add(block)
        }
        expect([cache.size, cache.evictions]).toEqual([seen.size, 0])
      }),
    )
  })

  test.each([0, -1, 1.5, NaN])('refuses a capacity of %d', (capacity) => {
    expect(() => cacheFor(traceOf([[0]]), policy, capacity)).toThrow(/capacity/)
  })
})

test('a block table does what a Map does, however often blocks come and go', () => {
  const anyStep = fc.tuple(fc.oneof(fc.nat(30), fc.nat(5000), fc.nat(10_000_000)), fc.boolean())
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 2000, size: 'max' }), (steps) => {
      const table = new BlockTable()
      const map = new Map<number, number>()
      steps.forEach(([block, add], value) => {
        expect(table.get(block)).toBe(map.get(block) ?? -1)
        if (add && !map.has(block)) {
          table.add(block, value)
          map.set(block, value)
        } else if (!add && map.has(block)) {
          table.remove(block)
          map.delete(block)
        }
      })
      for (const [block, value] of map) expect(table.get(block)).toBe(value)
    }),
    { numRuns: 50 },
  )
})
