import { expect, test } from 'vitest'
import { detectFormat } from './detect-format'

const mooncake = '{"timestamp": 0, "input_length": 4, "output_length": 1, "hash_ids": [0]}'

test.each([
  [mooncake, 'mooncake', 'json-lines'],
  [`\uFEFF\n${mooncake}\n{"timestamp": 1, "inp`, 'mooncake', 'json-lines'],
  ['{"input_length": 4, "hash_ids": [0]}', 'aiperf', 'json-lines'],
  [
    `${mooncake}\n{"session_id": "a", "delay": 1, "input_length": 4, "hash_ids": [0]}`,
    'aiperf',
    'json-lines',
  ],
  ['{"timestamp": 0, "text_input": "x"}', 'aiperf', 'json-lines'],
  ['[\n  {"id": "x", "conversations": []}', 'sharegpt', 'json-array'],
  ['{"id": "x", "conversations": []}', 'sharegpt', 'json-lines'],
  ['TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023', 'azure', 'csv'],
  ['Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n', 'burstgpt', 'csv'],
  [
    'Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type',
    'burstgpt',
    'csv',
  ],
  // One bad line does not make another format of it.
  [`${mooncake}\n{}\n17`, 'mooncake', 'json-lines'],
  ['"TIMESTAMP", "ContextTokens","GeneratedTokens"\r\n2023', 'azure', 'csv'],
  // Broken JSON is told of with its line, not here.
  ['{"timestamp": 0, "input', 'mooncake', 'json-lines'],
])('%s is told', (head, format, layout) => {
  expect(detectFormat(head)).toEqual({ format, layout })
})

test('a stated format is believed', () => {
  expect(detectFormat(mooncake, 'aiperf')).toEqual({ format: 'aiperf', layout: 'json-lines' })
})

test('anything else is refused with a list of formats', () => {
  expect(() => detectFormat('once upon a time')).toThrow(/cannot be told/)
})
