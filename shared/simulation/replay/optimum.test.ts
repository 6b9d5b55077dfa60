import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cachePolicies } from './block-cache'
import { nextUses, neverAgain } from './optimum-cache'
import { replayTrace } from './replay'
import { anyCapacity, anyConsistentPrompts, anyPrompts, traceOf } from './testing/any-trace'

/** The most hits that any cache can have, found by trying every way to evict, and not to insert. */
function mostHits(references: readonly number[], capacity: number): number {
  let best = new Map<string, number>([['', 0]])
  for (const block of references) {
    const next = new Map<string, number>()
    const reach = (held: readonly number[], hits: number): void => {
      const key = [...held].sort((a, b) => a - b).join(',')
      next.set(key, Math.max(next.get(key) ?? 0, hits))
    }
    for (const [key, hits] of best) {
      const held = key === '' ? [] : key.split(',').map(Number)
      if (held.includes(block)) {
        reach(held, hits + 1)
        continue
      }
      reach(held, hits)
      if (held.length < capacity) reach([...held, block], hits)
      else for (const victim of held) reach([...held.filter((each) => each !== victim), block], hits)
    }
    best = next
  }
  return Math.max(...best.values())
}

describe('the optimum', () => {
  test('finds as many blocks as the best of all ways to evict', () => {
    const anyReferences = fc.array(fc.nat(5), { maxLength: 24 })
    fc.assert(
      fc.property(anyReferences, fc.integer({ min: 1, max: 4 }), (references, capacity) => {
        const { touchHitBlocks } = replayTrace(traceOf([references]), 'optimum', capacity)
        expect(touchHitBlocks).toBe(mostHits(references, capacity))
      }),
    )
  })

  test('finds at least as many touched blocks as every policy has hits of either kind', () => {
    fc.assert(
      fc.property(anyPrompts, anyCapacity, (prompts, capacity) => {
        const trace = traceOf(prompts)
        const best = replayTrace(trace, 'optimum', capacity)
        for (const policy of cachePolicies) {
          const figures = replayTrace(trace, policy, capacity)
          expect(best.touchHitBlocks).toBeGreaterThanOrEqual(figures.touchHitBlocks)
          expect(figures.touchHitBlocks).toBeGreaterThanOrEqual(figures.prefixHitBlocks)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('is the ceiling of prefix hits too where a block always follows the same prefix', () => {
    fc.assert(
      fc.property(anyConsistentPrompts, anyCapacity, (prompts, capacity) => {
        const trace = traceOf(prompts)
        const best = replayTrace(trace, 'optimum', capacity)
        expect(best.prefixHitBlocks).toBe(best.touchHitBlocks)
        for (const policy of cachePolicies) {
          expect(best.prefixHitBlocks).toBeGreaterThanOrEqual(
            replayTrace(trace, policy, capacity).prefixHitBlocks,
          )
        }
      }),
      { numRuns: 200 },
    )
  })

  test('loses nothing by a larger capacity, as LRU', () => {
    fc.assert(
      fc.property(anyConsistentPrompts, anyCapacity, (prompts, capacity) => {
        const trace = traceOf(prompts)
        for (const policy of ['optimum', 'lru'] as const) {
          const hits = [capacity, capacity + 1, Infinity].map(
            (size) => replayTrace(trace, policy, size).prefixHitBlocks,
          )
          expect(hits).toEqual([...hits].sort((a, b) => a - b))
        }
      }),
    )
  })
})

test('next uses are those that a search finds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 60 }), (references) => {
      const next = nextUses(Int32Array.from(references), 10)
      references.forEach((block, position) => {
        const found = references.indexOf(block, position + 1)
        expect(next[position]).toBe(found < 0 ? neverAgain : found)
      })
    }),
  )
})
