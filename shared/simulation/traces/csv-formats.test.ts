import { describe, expect, test } from 'vitest'
import { azureTime } from './azure'
import { importAll, plain } from './testing/import-all'
import type { PrefixModel } from './prefix-model'

const azureHeader = ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens']
const burstHeader = ['Timestamp', 'Model', 'Request tokens', 'Response tokens', 'Total tokens', 'Log Type']
const burst3Header = ['Timestamp', 'Session ID', 'Elapsed time', ...burstHeader.slice(1)]

const none: PrefixModel = { kind: 'none' }
const azure = (rows: readonly string[][], prefixModel: PrefixModel = none, header = azureHeader) =>
  plain(importAll('azure', { prefixModel, blockTokens: 4 }, rows, header))
const burst = (rows: readonly string[][], prefixModel: PrefixModel = none, header = burstHeader) =>
  plain(importAll('burstgpt', { prefixModel, blockTokens: 4 }, rows, header))

describe('Azure', () => {
  test('reads both generations of time stamps', () => {
    expect(azureTime('2023-11-16 18:15:46.6805900')).toBeCloseTo(
      Date.UTC(2023, 10, 16, 18, 15, 46) + 680.59,
      3,
    )
    expect(azureTime('2024-05-10 00:00:00.009930+00:00')).toBeCloseTo(Date.UTC(2024, 4, 10) + 9.93, 3)
    expect(azureTime('2024-05-10T02:00:00+02:00')).toBe(Date.UTC(2024, 4, 10))
    expect(azureTime('2024-05-09 22:30:00-0130')).toBe(Date.UTC(2024, 4, 10))
  })

  test('rows become requests; nothing is shared but what the model says', () => {
    const rows = [
      ['2023-11-16 18:15:46.6800000', '9', '10'],
      ['2023-11-16 18:15:50.9300000', '6', '0'],
    ]
    expect(azure(rows)).toEqual([
      { timestampMs: 0, inputTokens: 9, outputTokens: 10, blockIds: [0, 1, 2], session: -1, delayMs: NaN },
      { timestampMs: 4250, inputTokens: 6, outputTokens: 0, blockIds: [3, 4], session: -1, delayMs: NaN },
    ])
    expect(azure(rows, { kind: 'shared', tokens: 4 })[1]?.blockIds).toEqual([0, 3])
    // A prompt that lies wholly in the system prompt: the same for all of that length.
    const inside = azure([...rows, ['2023-11-16 18:15:51', '6', '1']], { kind: 'shared', tokens: 8 })
    expect(inside.map(({ blockIds }) => blockIds)).toEqual([
      [0, 1, 2],
      [0, 3],
      [0, 3],
    ])
  })

  test('finds columns by name, whatever their order', () => {
    const [request] = azure([['3', '2023-11-16 18:15:46', '5']], none, [
      'generatedtokens',
      'timestamp',
      'ContextTokens',
    ])
    expect(request).toMatchObject({ inputTokens: 5, outputTokens: 3 })
  })

  test.each<[string[], RegExp]>([
    [['2023-11-16 18:15:46', '5'], /has 2 fields where the header line has 3/],
    [['yesterday', '5', '1'], /TIMESTAMP is "yesterday", not a date and time/],
    [['2023-02-31 00:00:00', '5', '1'], /a time that does not exist/],
    [['2023-02-01 24:00:00', '5', '1'], /a time that does not exist/],
    [['2023-11-16 18:15:46', '-5', '1'], /ContextTokens is "-5"/],
    [['2023-11-16 18:15:46', '1e3', '1'], /ContextTokens is "1e3"/],
    [['2023-11-16 18:15:46', 'NaN', '1'], /ContextTokens is "NaN"/],
    [['2023-11-16 18:15:46', '5', ''], /GeneratedTokens is missing/],
  ])('%j is refused', (row, message) => {
    expect(() => azure([row])).toThrow(message)
  })

  test('asks for a prefix model, and for one that it can have', () => {
    expect(() => importAll('azure', {}, [], azureHeader)).toThrow(/says nothing about common prefixes/)
    expect(() => azure([], { kind: 'session' })).toThrow(/no session ids/)
    expect(() => azure([], none, ['a', 'b'])).toThrow(/header line "a,b"/)
  })
})

describe('BurstGPT', () => {
  test('rows become requests', () => {
    expect(burst([['5.5', 'ChatGPT', '8', '18', '26', 'Conversation log']])).toEqual([
      { timestampMs: 0, inputTokens: 8, outputTokens: 18, blockIds: [0, 1], session: -1, delayMs: NaN },
    ])
    const rows = [
      ['5', 'ChatGPT', '4', '0', '4', 'API log'],
      ['45.25', 'GPT-4', '4.0', '1', '5', 'API log'],
    ]
    expect(burst(rows)[1]).toMatchObject({ timestampMs: 40_250, inputTokens: 4, outputTokens: 1 })
  })

  test('sessions extend their turns where the model says so', () => {
    const row = (time: string, session: string, tokens: string): string[] => [
      time,
      session,
      '1',
      'GPT-4',
      tokens,
      '9',
      '0',
      'Conversation log',
    ]
    const rows = [
      row('0', 'a', '9'),
      row('1', 'b', '9'),
      row('2', 'a', '14'),
      row('3', '', '9'),
      row('4', 'a', '9'),
    ]
    const requests = burst(rows, { kind: 'session' }, burst3Header)
    expect(requests.map(({ blockIds, session }) => [session, blockIds])).toEqual([
      [0, [0, 1, 2]],
      [1, [3, 4, 5]],
      [0, [0, 1, 6, 7]],
      [-1, [8, 9, 10]],
      // As long as the first one: then it is the first one.
      [0, [0, 1, 2]],
    ])
    // Sessions are told even where nothing is supposed about them.
    expect(burst(rows, none, burst3Header).map(({ session }) => session)).toEqual([0, 1, 0, -1, 0])
  })

  test.each<[string[], RegExp]>([
    [['x', 'm', '1', '1', '2', 'l'], /Timestamp is "x"/],
    [['', 'm', '1', '1', '2', 'l'], /Timestamp is ""/],
    [['-1', 'm', '1', '1', '2', 'l'], /Timestamp is "-1"/],
    [['1e999', 'm', '1', '1', '2', 'l'], /Timestamp is "1e999"/],
    [['1', 'm', '1.5', '1', '2', 'l'], /Request tokens is "1.5"/],
    [['1', 'm', '1', '1', '2'], /has 5 fields/],
  ])('%j is refused', (row, message) => {
    expect(() => burst([row])).toThrow(message)
  })

  test('asks for a prefix model, and for session ids where the model needs them', () => {
    expect(() => importAll('burstgpt', {}, [], burstHeader)).toThrow(/says nothing about common prefixes/)
    expect(() => burst([], { kind: 'session' })).toThrow(/no column "Session ID"/)
    expect(() => burst([], none, azureHeader)).toThrow(/not that of BurstGPT/)
  })
})
