import { describe, expect, test } from 'vitest'
import { cachePolicies } from '#shared/simulation/replay/block-cache'
import { onlineCache } from '#shared/simulation/replay/create-cache'
import { Replay, replayTrace } from '#shared/simulation/replay/replay'
import { loadTrace, openTrace } from './read-trace'
import { conversationTrace } from './testing/trace-files'

const path = conversationTrace()

describe("Mooncake's conversation trace", () => {
  if (path === null) {
    test.skip('skipped: ../shared/traces/mooncake-conversation.jsonl is not beside the repository', () =>
      undefined)
    return
  }

  test('gives the known figures without a limit', async () => {
    const { trace } = await loadTrace(path)
    for (const policy of cachePolicies) {
      const figures = replayTrace(trace, policy, Infinity)
      expect(figures).toMatchObject({
        requests: 12_031,
        blocks: 288_500,
        uniqueBlocks: 182_790,
        prefixHitBlocks: 105_710,
        evictions: 0,
      })
      expect(figures.blockHitRate?.toFixed(6)).toBe('0.366412')
      expect(figures.tokenHitRate?.toFixed(6)).toBe('0.373624')
    }
  })

  test('gives the known LRU rate at 10,000 blocks, read as a stream', async () => {
    const replay = new Replay(onlineCache('lru', 10_000))
    const { batches } = await openTrace(path)
    for await (const batch of batches) replay.add(batch)
    expect(replay.figures().blockHitRate?.toFixed(6)).toBe('0.211165')
    // Every miss is inserted, and all but the last 10,000 are dropped again.
    expect(replay.figures().evictions).toBe(288_500 - replay.figures().touchHitBlocks - 10_000)
  })

  test('is consistent: the optimum finds as much of prefixes as it finds at all, more than any policy', async () => {
    const { trace } = await loadTrace(path)
    for (const capacity of [100, 1000, 10_000]) {
      const best = replayTrace(trace, 'optimum', capacity)
      expect(best.prefixHitBlocks).toBe(best.touchHitBlocks)
      for (const policy of cachePolicies) {
        expect(replayTrace(trace, policy, capacity).prefixHitBlocks).toBeLessThanOrEqual(best.prefixHitBlocks)
      }
    }
  })
})
