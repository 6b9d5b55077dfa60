import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TraceBatch } from '../traces/trace-batch'
import { cachePolicies } from './block-cache'
import { cacheFor } from './create-cache'
import { Replay, replayTrace } from './replay'
import { anyCapacity, anyPrompts, traceOf } from './testing/any-trace'

/** Requests from..to-1 of a trace as a batch of their own. */
function part(trace: TraceBatch, from: number, to: number): TraceBatch {
  const [start, end] = [trace.blockStarts[from] as number, trace.blockStarts[to] as number]
  return {
    ...trace,
    requests: to - from,
    timestampsMs: trace.timestampsMs.slice(from, to),
    inputTokens: trace.inputTokens.slice(from, to),
    outputTokens: trace.outputTokens.slice(from, to),
    sessions: trace.sessions.slice(from, to),
    delaysMs: trace.delaysMs.slice(from, to),
    blockStarts: trace.blockStarts.slice(from, to + 1).map((at) => at - start),
    blockIds: trace.blockIds.slice(start, end),
  }
}

describe('replay', () => {
  test('counts what a prefix has in common, by hand', () => {
    // 4 tokens a block; each prompt ends one token before its last block is full.
    const trace = traceOf([
      [0, 1, 2],
      [0, 1, 3],
      [4, 1],
      [0, 1, 2],
    ])
    expect(replayTrace(trace, 'lru', Infinity)).toEqual({
      requests: 4,
      blocks: 11,
      uniqueBlocks: 5,
      // Nothing; 0 and 1; nothing, for 4 is new although 1 is there; the whole prompt of 11 tokens.
      prefixHitBlocks: 5,
      blockHitRate: 5 / 11,
      tokenHitRate: (2 * 4 + 11) / (11 + 11 + 7 + 11),
      evictions: 0,
      promptTokens: 40,
      hitTokens: 19,
      touchHitBlocks: 6,
    })
    // Of three blocks: 3 takes the place of 2, 4 that of 0, 0 that of 3, and 2 that of 4.
    expect(replayTrace(trace, 'lru', 3)).toMatchObject({ prefixHitBlocks: 2, evictions: 4 })
  })

  test('looks up before it touches: a prompt does not find its own blocks', () => {
    expect(replayTrace(traceOf([[0, 0, 0]]), 'lru', 8)).toMatchObject({
      prefixHitBlocks: 0,
      touchHitBlocks: 2,
    })
  })

  test('gives no rate where there is nothing', () => {
    const figures = replayTrace(traceOf([[]]), 'lru', 8)
    expect(figures).toMatchObject({ requests: 1, blocks: 0, blockHitRate: null, tokenHitRate: null })
  })

  test('is the same whatever the batches', () => {
    fc.assert(
      fc.property(
        anyPrompts,
        anyCapacity,
        fc.constantFrom(...cachePolicies),
        fc.array(fc.nat(60), { maxLength: 5 }),
        (prompts, capacity, policy, cuts) => {
          const trace = traceOf(prompts)
          const replay = new Replay(cacheFor(trace, policy, capacity))
          const ends = [0, ...cuts.filter((cut) => cut < trace.requests), trace.requests].sort(
            (a, b) => a - b,
          )
          ends.slice(1).forEach((end, index) => replay.add(part(trace, ends[index] as number, end)))
          const whole = replayTrace(trace, policy, capacity)
          expect(replay.figures()).toEqual({ ...whole, uniqueBlocks: trace.uniqueBlocks })
        },
      ),
    )
  })

  test('reports how far it is, and stops when the report throws', () => {
    const trace = traceOf(Array.from({ length: 20_000 }, (_, index) => [index % 50]))
    const reports: number[] = []
    replayTrace(trace, 'fifo', 10, (done) => reports.push(done))
    expect(reports.at(-1)).toBe(20_000)
    expect(reports.length).toBeGreaterThan(2)
    expect(() =>
      replayTrace(trace, 'fifo', 10, () => {
        throw new Error('stop')
      }),
    ).toThrow('stop')
  })
})
