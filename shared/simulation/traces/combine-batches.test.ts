import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchBuilder } from './batch-builder'
import { joinBatches, sortedByTime } from './combine-batches'
import { plain } from './testing/import-all'
import type { TraceBatch } from './trace-batch'

const anyRequest = fc.record({
  facts: fc.record({
    timestampMs: fc.nat(20),
    inputTokens: fc.nat(999),
    outputTokens: fc.nat(99),
    session: fc.integer({ min: -1, max: 3 }),
    delayMs: fc.constantFrom(NaN, 0, 7),
  }),
  blocks: fc.array(fc.nat(30), { maxLength: 4 }),
})
const anyBatches = fc.array(fc.array(anyRequest, { maxLength: 12 }), { minLength: 1, maxLength: 5 })

function built(
  requests: readonly { facts: Parameters<BatchBuilder['add']>[0]; blocks: number[] }[],
): TraceBatch[] {
  const builder = new BatchBuilder(4)
  for (const { facts, blocks } of requests) builder.add(facts, blocks)
  return [builder.take(31)]
}

test('joined batches hold the same requests, in memory of one owner or of many', () => {
  fc.assert(
    fc.property(anyBatches, (parts) => {
      const batches = parts.flatMap(built)
      const joined = joinBatches(batches)
      expect(plain(joined)).toEqual(batches.flatMap(plain))
      const shared = joinBatches(batches, (bytes) => new SharedArrayBuffer(bytes))
      expect(plain(shared)).toEqual(plain(joined))
      expect(shared.blockIds.buffer).toBeInstanceOf(SharedArrayBuffer)
    }),
  )
})

test('a builder starts anew after each batch', () => {
  fc.assert(
    fc.property(anyBatches, (parts) => {
      const builder = new BatchBuilder(4)
      for (const part of parts) {
        for (const { facts, blocks } of part) builder.add(facts, blocks)
        expect(plain(builder.take(31))).toEqual(built(part).flatMap(plain))
      }
    }),
  )
})

test('sorting puts requests in the order of their times, and those of one time in the order of the file', () => {
  fc.assert(
    fc.property(fc.array(anyRequest, { minLength: 1, maxLength: 40 }), (requests) => {
      const marked = requests.map(({ facts, blocks }, index) => ({
        facts: { ...facts, inputTokens: index },
        blocks,
      }))
      const sorted = plain(sortedByTime(joinBatches(built(marked))))
      const expected = [...marked].sort((a, b) => a.facts.timestampMs - b.facts.timestampMs)
      const origin = expected[0]?.facts.timestampMs ?? 0
      expect(sorted).toEqual(
        expected.map(({ facts, blocks }) => ({
          ...facts,
          timestampMs: facts.timestampMs - origin,
          blockIds: blocks,
        })),
      )
    }),
  )
})
