import { describe, expect, test } from 'vitest'
import { importAll, plain } from './testing/import-all'
import { BadRecord } from './bad-record'
import type { TraceOptions } from './trace-options'

const row = (fields: object = {}): object => ({
  timestamp: 0,
  input_length: 1025,
  output_length: 7,
  hash_ids: [40, 41, 42],
  ...fields,
})

const read = (records: readonly unknown[], options: TraceOptions = {}) =>
  importAll('mooncake', options, records)

describe("Mooncake's rows", () => {
  test('become requests with dense block numbers, on a clock that starts at 0', () => {
    const batch = read([
      row({ timestamp: 100 }),
      row({ timestamp: 103.5, input_length: 1100, hash_ids: [40, 41, 7], output_length: 0, extra: 1 }),
      row({ timestamp: 103.5, input_length: 0, hash_ids: [] }),
    ])
    const rest = { session: -1, delayMs: NaN }
    expect(plain(batch)).toEqual([
      { timestampMs: 0, inputTokens: 1025, outputTokens: 7, blockIds: [0, 1, 2], ...rest },
      { timestampMs: 3.5, inputTokens: 1100, outputTokens: 0, blockIds: [0, 1, 3], ...rest },
      { timestampMs: 3.5, inputTokens: 0, outputTokens: 7, blockIds: [], ...rest },
    ])
    expect([batch.uniqueBlocks, batch.blockTokens]).toEqual([4, 512])
  })

  test('may have blocks of another size', () => {
    expect(read([row({ input_length: 48 })], { blockTokens: 16 }).blockIds).toHaveLength(3)
    expect(() => read([row({ input_length: 49 })], { blockTokens: 16 })).toThrow(
      /makes 4 blocks of 16 tokens/,
    )
  })

  test.each<[object, RegExp]>([
    [[], /no JSON object/],
    [row({ timestamp: undefined }), /timestamp is missing/],
    [row({ timestamp: -1 }), /timestamp is -1, not a finite number from 0 on/],
    [row({ timestamp: Infinity }), /timestamp is Infinity/],
    [row({ timestamp: '0' }), /timestamp is "0"/],
    [row({ input_length: -5 }), /input_length is -5, not a whole number/],
    [row({ input_length: 1.5 }), /input_length is 1.5/],
    [row({ input_length: 1e12 }), /more than 100000000 tokens/],
    [row({ output_length: null }), /output_length is missing/],
    [row({ output_length: NaN }), /output_length is NaN/],
    [row({ hash_ids: undefined }), /hash_ids is missing/],
    [row({ hash_ids: [1, 2] }), /has 2 hash_ids, but input_length 1025 makes 3 blocks of 512 tokens/],
    [row({ hash_ids: [1, 2, 3, 4] }), /has 4 hash_ids/],
    [row({ hash_ids: [1, 2, 0.5] }), /hash id 0.5/],
    [row({ hash_ids: [1, 2, 2 ** 53] }), /below 2\^53/],
    [row({ hash_ids: [1, 2, '3'] }), /hash id "3"/],
    [row({ session_id: 'a' }), /has session_id, a field of AIPerf's rows/],
    [row({ text_input: 'a' }), /has text_input/],
  ])('%j is refused', (record, message) => {
    expect(() => read([record])).toThrow(BadRecord)
    expect(() => read([record])).toThrow(message)
  })

  test('must not go back in time, unless they are sorted afterwards', () => {
    const records = [row({ timestamp: 10 }), row({ timestamp: 9.5 })]
    expect(() => read(records)).toThrow('its time lies 0.5 ms before that of the request before')
    expect([...read(records, { sortByTime: true }).timestampsMs]).toEqual([10, 9.5])
  })

  test('take no prefix model and no arrivals: they say both themselves', () => {
    expect(() => read([], { prefixModel: { kind: 'none' } })).toThrow(/would contradict it/)
    expect(() => read([], { arrivals: { perSecond: 1, seed: 1, turnGapS: 1 } })).toThrow(/times of its own/)
  })
})
