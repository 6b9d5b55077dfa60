import { describe, expect, test } from 'vitest'
import { greedy, type EngineRequest } from './engine'
import { blockBytes, SyntheticEngine } from './synthetic-engine'
import { prefillSeconds } from '#shared/engine/synthetic-profile'
import { detokenise, tokenise } from '#shared/workload/llama-tokenizer'

const engine = new SyntheticEngine({
  kvcBytesPerToken: 100,
  prefillTokensPerS: 100_000,
  prefillQuadraticS: 0,
  decodeTokensPerS: 10_000,
})
const hash = Uint8Array.from({ length: 32 }, (_, i) => i)
const signal = new AbortController().signal

const request = (prompt: readonly number[], maxTokens = 1, stop: AbortSignal = signal): EngineRequest => ({
  prompt,
  blockHashes: [],
  blockTokens: 16,
  maxTokens,
  sampling: greedy,
  withLogits: false,
  signal: stop,
})

describe('the synthetic engine', () => {
  test('makes the same bytes for the same hash, and others for another', () => {
    const other = Uint8Array.from(hash, (byte) => byte ^ 1)
    expect(blockBytes(hash, 1_000).equals(blockBytes(hash, 1_000))).toBe(true)
    expect(blockBytes(hash, 1_000).equals(blockBytes(other, 1_000))).toBe(false)
  })

  test('counts every wrong byte', () => {
    const bytes = blockBytes(hash, 1_600)
    expect(engine.countWrongBytes(hash, bytes)).toBe(0)
    bytes[3] = (bytes[3] ?? 0) ^ 1
    bytes[999] = (bytes[999] ?? 0) ^ 128
    expect(engine.countWrongBytes(hash, bytes)).toBe(2)
  })

  test('prefill time: linear and quadratic part, less for a cached prefix', () => {
    const profile = { prefillTokensPerS: 1_000, prefillQuadraticS: 1e-6, decodeTokensPerS: 1 }
    // 100 tokens at positions 0..99: 0.1 s + 1e-6 * (0 + … + 99) s
    expect(prefillSeconds(profile, 100, 0)).toBeCloseTo(0.1 + 1e-6 * 4_950, 12)
    expect(prefillSeconds(profile, 100, 90)).toBeCloseTo(0.01 + 1e-6 * 945, 12)
    expect(prefillSeconds(profile, 100, 40) + prefillSeconds(profile, 40, 0)).toBeCloseTo(
      prefillSeconds(profile, 100, 0),
      12,
    )
  })

  test('streams the tokens that were asked for, the same for the same prompt', async () => {
    const prompt = tokenise('A prompt about satellites and what they remember.')
    const answers: number[][] = []
    for (let i = 0; i < 2; i++) {
      const session = engine.open(request(prompt, 7))
      await session.prefill([])
      const answer: number[] = []
      for await (const token of session.decode()) answer.push(token.id)
      answers.push(answer)
    }
    expect(answers[0]).toHaveLength(7)
    expect(answers[1]).toEqual(answers[0])
    expect(engine.measuredPrefillRate()).toBeGreaterThan(0)
  })

  test('an aborted prefill ends at once and lets the next one in', async () => {
    const slow = new SyntheticEngine({
      kvcBytesPerToken: 1,
      prefillTokensPerS: 0.001,
      prefillQuadraticS: 0,
      decodeTokensPerS: 1,
    })
    const abort = new AbortController()
    const stuck = slow.open(request([1, 2], 1, abort.signal)).prefill([])
    const second = new AbortController()
    const next = slow.open(request([1, 2], 1, second.signal)).prefill([])
    abort.abort(new Error('enough'))
    second.abort(new Error('enough too'))
    await expect(stuck).rejects.toThrow('enough')
    await expect(next).rejects.toThrow('enough too')
  })

  test('an empty prompt is refused', () => {
    expect(() => engine.open(request([]))).toThrow(/no tokens/)
  })
})

describe('the LLaMA tokenizer', () => {
  test.each(['Hello world', ' leading space', 'naïve 🛰 中文', 'two\n\nlines\tand a tab', 'x'])(
    'round-trips %j',
    (text) => {
      expect(detokenise(tokenise(text))).toBe(text)
    },
  )

  test('knows a published example', () => {
    // LLaMA 1/2: "Hello world" with the usual leading space is [15043, 3186]; without it the first token differs.
    expect(tokenise(' Hello world')).toEqual([15043, 3186])
  })
})
