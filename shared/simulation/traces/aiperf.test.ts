import { describe, expect, test } from 'vitest'
import { importAll, plain } from './testing/import-all'
import type { TraceOptions } from './trace-options'

const read = (records: readonly unknown[], options: TraceOptions = {}) =>
  plain(importAll('aiperf', { blockTokens: 4, ...options }, records))

const first = { session_id: 's', timestamp: 100, input_length: 10, output_length: 3, hash_ids: [7, 8, 9] }

describe("AIPerf's rows", () => {
  test('with ids and times are those of Mooncake', () => {
    expect(read([{ timestamp: 5, input_length: 8, output_length: 2, hash_ids: [1, 2] }])).toEqual([
      { timestampMs: 5, inputTokens: 8, outputTokens: 2, blockIds: [0, 1], session: -1, delayMs: NaN },
    ])
  })

  test('of a session add to what was said before', () => {
    const requests = read([
      first,
      { session_id: 's', delay: 20, input_length: 5, output_length: 1, hash_ids: [10, 11] },
      { session_id: 's', timestamp: 300, input_length: 4, output_length: 1, hash_ids: [12] },
      { ...first, session_id: 'other' },
    ])
    expect(requests).toEqual([
      { timestampMs: 100, inputTokens: 10, outputTokens: 3, blockIds: [0, 1, 2], session: 0, delayMs: NaN },
      // 10 + 3 + 5 tokens: the two whole blocks of before, then what no other session has.
      {
        timestampMs: 120,
        inputTokens: 18,
        outputTokens: 1,
        blockIds: [0, 1, 3, 4, 5],
        session: 0,
        delayMs: 20,
      },
      // 18 + 1 + 4 tokens; of the prompt before, all but its partial block.
      {
        timestampMs: 300,
        inputTokens: 23,
        outputTokens: 1,
        blockIds: [0, 1, 3, 4, 6, 7],
        session: 0,
        delayMs: NaN,
      },
      { timestampMs: 100, inputTokens: 10, outputTokens: 3, blockIds: [0, 1, 2], session: 1, delayMs: NaN },
    ])
  })

  test('may hold the answer before, or the whole prompt', () => {
    const later = { session_id: 's', delay: 0, input_length: 11, output_length: 1, hash_ids: [7, 8, 20] }
    const tokens = (context_mode: string) => read([first, { ...later, context_mode }])[1]
    expect(tokens('deltas_without_responses')).toMatchObject({ inputTokens: 24 })
    expect(tokens('deltas_with_responses')).toMatchObject({ inputTokens: 21 })
    expect(tokens('message_array_with_responses')).toMatchObject({ inputTokens: 11, blockIds: [0, 1, 3] })
    expect(read([first, later], { sessionTurns: 'whole' })[1]).toMatchObject({ inputTokens: 11 })
    expect(read([first, later], { sessionTurns: 'deltas' })[1]).toMatchObject({ inputTokens: 24 })
  })

  test('that look like whole prompts are not taken for additions', () => {
    const later = { session_id: 's', delay: 0, input_length: 12, output_length: 1, hash_ids: [7, 8, 20] }
    expect(() => read([first, later])).toThrow(/as if it held the whole prompt/)
  })

  test('with text share what their tokens share', () => {
    const text = (text_input: string) => ({ timestamp: 0, text_input, output_length: 1 })
    const [a, b, c] = read([text('a b c d e'), text('a b c x'), text('a b c d e')])
    // One token stands before the text.
    expect(a).toMatchObject({ inputTokens: 6, blockIds: [0, 1] })
    expect(b).toMatchObject({ inputTokens: 5, blockIds: [0, 2] })
    expect(c?.blockIds).toEqual(a?.blockIds)
  })

  test('with lengths alone need a prefix model', () => {
    const rows = [
      { timestamp: 0, input_length: 9, output_length: 1 },
      { timestamp: 1, input_length: 9, output_length: 1 },
    ]
    expect(() => read(rows)).toThrow(/nothing is known about what it has in common/)
    expect(read(rows, { prefixModel: { kind: 'none' } })[1]?.blockIds).toEqual([3, 4, 5])
    expect(read(rows, { prefixModel: { kind: 'shared', tokens: 5 } })[1]?.blockIds).toEqual([0, 3, 4])
  })

  test('without times or answers need declarations', () => {
    const row = { input_length: 4, hash_ids: [1] }
    expect(() => read([row], { outputTokens: 5 })).toThrow(/timestamp is missing/)
    expect(() => read([{ ...row, timestamp: 0 }])).toThrow(/output_length is missing/)
    const arrivals = { perSecond: 10, seed: 3, turnGapS: 0 }
    const requests = read([row, row], { outputTokens: 5, arrivals })
    expect(requests.map(({ outputTokens }) => outputTokens)).toEqual([5, 5])
    expect(requests[0]?.timestampMs).toBe(0)
    expect(requests[1]?.timestampMs).toBeGreaterThan(0)
  })

  test.each<[object, RegExp]>([
    [{ ...first, messages: [{ role: 'user', content: 'x' }] }, /messages is not supported/],
    [{ payload: { prompt: 'x' }, timestamp: 0 }, /payload is not supported/],
    [{ ...first, session_id: 4 }, /session_id is 4/],
    [{ ...first, delay: -1 }, /delay is -1/],
    [{ ...first, text_input: 'x' }, /both text_input and input_length/],
    [{ timestamp: 0, text_input: 5, output_length: 1 }, /text_input is 5, not a text/],
    [{ timestamp: 0, output_length: 1 }, /input_length is missing/],
    [{ ...first, hash_ids: [1] }, /has 1 hash_ids/],
    [{ ...first, context_mode: 'guess' }, /context_mode is "guess"/],
    [{ ...first, input_length: 1e8, hash_ids: undefined }, /more than 1000000 blocks/],
  ])('%j is refused', (record, message) => {
    expect(() => read([record], { prefixModel: { kind: 'none' } })).toThrow(message)
  })

  test('of a session must not go back, and must not grow without end', () => {
    expect(() => read([first, { ...first, hash_ids: [1, 2, 3], timestamp: 99 }])).toThrow(/turn before/)
    const huge = { ...first, input_length: 3_000_000, hash_ids: undefined }
    const options: TraceOptions = { prefixModel: { kind: 'none' } }
    expect(() => read([huge, huge], options)).toThrow(/blocks/)
  })
})
