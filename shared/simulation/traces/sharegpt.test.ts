import { describe, expect, test } from 'vitest'
import { importAll, plain } from './testing/import-all'

const arrivals = { perSecond: 0.5, seed: 7, turnGapS: 10 }
const read = (records: readonly unknown[], seed = 7) =>
  plain(importAll('sharegpt', { blockTokens: 4, arrivals: { ...arrivals, seed } }, records))

type Said = readonly (readonly [string, string])[]
const talk = (...said: Said): object => ({
  id: 'x',
  conversations: said.map(([from, value]) => ({ from, value })),
})

describe("ShareGPT's conversations", () => {
  test('are a request for each answer to a human, with the conversation so far as its prompt', () => {
    const requests = read([talk(['human', 'a b'], ['gpt', 'c d e'], ['human', 'f'], ['gpt', 'g'])])
    expect(requests).toMatchObject([
      // <begin> <|user|> a b <|assistant|>
      { timestampMs: 0, inputTokens: 5, outputTokens: 3, session: 0 },
      // ... <|assistant|> c d e <|user|> f <|assistant|>
      { timestampMs: 10_000, inputTokens: 11, outputTokens: 1, session: 0 },
    ])
    expect(requests[1]?.blockIds[0]).toBe(requests[0]?.blockIds[0])
    expect(requests[1]?.blockIds).toHaveLength(3)
  })

  test('have in common what their words have in common', () => {
    const [a, b, c] = read([
      talk(['human', 'one two three four five six'], ['gpt', 'x']),
      talk(['human', 'one two three four other six'], ['gpt', 'y']),
      talk(['human', 'one two three four five six'], ['gpt', 'z']),
    ])
    expect(c?.blockIds).toEqual(a?.blockIds)
    expect(b?.blockIds[0]).toBe(a?.blockIds[0])
    expect(b?.blockIds[1]).not.toBe(a?.blockIds[1])
  })

  test('may begin with anybody, and have other names for them', () => {
    const requests = read([
      talk(
        ['system', 's'],
        ['gpt', 'hello'],
        ['user', 'a'],
        ['user', 'b'],
        ['chatgpt', 'c'],
        ['human', 'last'],
      ),
    ])
    // The first word of the assistant answers nobody, the last one of the human has no answer.
    expect(requests).toHaveLength(1)
    expect(requests[0]).toMatchObject({ inputTokens: 1 + 2 + 2 + 2 + 2 + 1, outputTokens: 1 })
  })

  test('without an answer add nothing, and take no arrival', () => {
    const answered = talk(['human', 'a'], ['gpt', 'b'])
    const requests = read([talk(), talk(['human', 'a']), answered, answered])
    expect(requests.map(({ session }) => session)).toEqual([0, 1])
    expect(requests[0]?.timestampMs).toBe(0)
  })

  test('arrive at the declared rate, by the declared seed', () => {
    const many = Array.from({ length: 2000 }, () => talk(['human', 'a'], ['gpt', 'b']))
    const times = read(many).map(({ timestampMs }) => timestampMs)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    const meanGapS = (times.at(-1) as number) / 1000 / (many.length - 1)
    // The mean of 1,999 exponential gaps of 2 s lies within 5 standard errors (of 2 s / sqrt(1,999)).
    expect(Math.abs(meanGapS - 2)).toBeLessThan((5 * 2) / Math.sqrt(1999))
    expect(read(many).map(({ timestampMs }) => timestampMs)).toEqual(times)
    expect(read(many, 8).map(({ timestampMs }) => timestampMs)).not.toEqual(times)
  })

  test.each<[unknown, RegExp]>([
    ['text', /no JSON object/],
    [{ id: 'x' }, /conversations is missing, not a list/],
    [{ conversations: ['a'] }, /no JSON object: "a"/],
    [{ conversations: [{ from: 1, value: 'a' }] }, /from is 1/],
    [{ conversations: [{ from: 'human', value: null }] }, /value is null/],
  ])('%j is refused', (record, message) => {
    expect(() => read([record])).toThrow(message)
  })

  test('ask for a rate', () => {
    expect(() => importAll('sharegpt', {}, [])).toThrow(/has no times/)
  })
})
