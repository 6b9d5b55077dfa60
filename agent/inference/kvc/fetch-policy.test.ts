import { expect, test } from 'vitest'
import { AdaptiveFetch, fetchAlways } from './fetch-policy'

test('always is always', () => {
  expect(fetchAlways.choose(5, 1e9)).toBe(5)
})

test('what is slower to fetch than to compute is computed, but for a probe now and then', () => {
  const policy = new AdaptiveFetch(100, 1_000)
  expect(policy.choose(4, 10_000)).toBe(4) // Nothing is measured yet.
  for (let i = 0; i < 5; i++) policy.observe(4_000, 400) // 100 ms a block, against 10 ms.
  const chosen = Array.from({ length: 32 }, () => policy.choose(4, 10_000))
  expect(chosen.filter((blocks) => blocks === 4)).toHaveLength(2)
  expect(chosen.filter((blocks) => blocks === 0)).toHaveLength(30)
  for (let i = 0; i < 200; i++) policy.observe(4_000, 4)
  expect(policy.choose(4, 10_000)).toBe(4)
})

test('a first fetch that stalled is soon forgotten', () => {
  const policy = new AdaptiveFetch(100, 1_000)
  policy.observe(4_000, 60_000)
  let declined = 0
  for (let request = 0; request < 100; request++) {
    if (policy.choose(4, 10_000) === 4) policy.observe(4_000, 4)
    else declined += 1
  }
  expect(declined).toBeGreaterThan(0)
  expect(declined).toBeLessThan(10)
})
