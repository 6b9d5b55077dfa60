import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blocksToFetch, type BreakEven } from './break-even'
import { FetchMeter } from './fetch-meter'

/** 1,000 B a block of 100 tokens: 10 ms to compute at 10,000 tokens/s. */
const base: BreakEven = {
  usableBlocks: 8,
  blockTokens: 100,
  blockBytes: 1_000,
  prefillTokensPerS: 10_000,
  fetchCost: { latencyMs: 5, bytesPerMs: 1_000 },
}

describe('how many blocks to fetch', () => {
  test('all, where fetching is faster', () => {
    expect(blocksToFetch(base)).toBe(8)
  })

  test('none, where computing is faster', () => {
    expect(blocksToFetch({ ...base, fetchCost: { latencyMs: 5, bytesPerMs: 99 } })).toBe(0)
  })

  test('none of so few that latency eats what they save', () => {
    // 5 ms + 9 ms a block against 10 ms a block: from the fifth block on it pays.
    const fetchCost = { latencyMs: 5, bytesPerMs: 1_000 / 9 }
    expect(blocksToFetch({ ...base, usableBlocks: 4, fetchCost })).toBe(0)
    expect(blocksToFetch({ ...base, usableBlocks: 5, fetchCost })).toBe(5)
  })

  test('all, to learn, before anything is measured', () => {
    expect(blocksToFetch({ ...base, fetchCost: null })).toBe(8)
    expect(blocksToFetch({ ...base, prefillTokensPerS: null })).toBe(8)
  })

  test('is never slower than all, or none', () => {
    const rate = fc.double({ min: 0.1, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(
        fc.nat({ max: 60 }),
        rate,
        rate,
        fc.double({ min: 0, max: 1e3, noNaN: true }),
        (usableBlocks, prefill, fetch, latencyMs) => {
          const question = { ...base, usableBlocks, prefillTokensPerS: prefill }
          const cost = (blocks: number): number =>
            (blocks === 0 ? 0 : latencyMs + (blocks * 1_000) / fetch) +
            ((usableBlocks - blocks) * 100_000) / prefill
          const chosen = blocksToFetch({ ...question, fetchCost: { latencyMs, bytesPerMs: fetch } })
          expect(chosen).toBeGreaterThanOrEqual(0)
          expect(chosen).toBeLessThanOrEqual(usableBlocks)
          const slack = 1 + 1e-9
          expect(cost(chosen)).toBeLessThanOrEqual(Math.min(cost(0), cost(usableBlocks)) * slack)
        },
      ),
    )
  })
})

describe('the meter of fetches', () => {
  test('knows nothing at first, and then latency and rate', () => {
    const meter = new FetchMeter()
    expect(meter.cost()).toBeNull()
    for (const bytes of [1_000, 5_000, 2_000, 9_000]) meter.observe(bytes, 7 + bytes / 500)
    expect(meter.cost()?.latencyMs).toBeCloseTo(7, 6)
    expect(meter.cost()?.bytesPerMs).toBeCloseTo(500, 6)
  })

  test('takes equal sizes for pure rate', () => {
    const meter = new FetchMeter()
    for (let i = 0; i < 5; i++) meter.observe(1_000, 10)
    expect(meter.cost()?.latencyMs).toBe(0)
    expect(meter.cost()?.bytesPerMs).toBeCloseTo(100, 9)
  })

  test('follows a constellation that becomes slower', () => {
    const meter = new FetchMeter()
    for (let i = 0; i < 50; i++) meter.observe(1_000 + (i % 5) * 1_000, 1 + (i % 5))
    for (let i = 0; i < 100; i++) meter.observe(1_000 + (i % 5) * 1_000, 10 * (1 + (i % 5)))
    expect(meter.cost()?.bytesPerMs).toBeLessThan(120)
  })

  test('is not moved by a few fetches that stalled', () => {
    const meter = new FetchMeter()
    for (let i = 0; i < 15; i++) {
      const bytes = 1_000 + (i % 5) * 1_000
      meter.observe(bytes, i % 4 === 3 ? 30_000 : 7 + bytes / 500)
    }
    expect(meter.cost()?.latencyMs).toBeCloseTo(7, 6)
    expect(meter.cost()?.bytesPerMs).toBeCloseTo(500, 6)
  })

  test('has finite costs above 0, whatever it saw', () => {
    const seen = fc.array(
      fc.tuple(fc.integer({ min: -10, max: 1e9 }), fc.double({ min: -1, max: 1e6, noNaN: true })),
    )
    fc.assert(
      fc.property(seen, (fetches) => {
        const meter = new FetchMeter()
        for (const [bytes, ms] of fetches) meter.observe(bytes, ms)
        const cost = meter.cost()
        if (cost === null) return
        expect(cost.latencyMs).toBeGreaterThanOrEqual(0)
        expect(cost.bytesPerMs).toBeGreaterThan(0)
        expect(Number.isFinite(cost.bytesPerMs)).toBe(true)
      }),
    )
  })
})
