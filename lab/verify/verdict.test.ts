import { describe, expect, test } from 'vitest'
import type { ProofAnswer } from '#shared/contract/agent-control'
import { judge, type Expectation } from './verdict'

const cold: ProofAnswer = {
  promptTokens: 70,
  blockHashes: ['a', 'b', 'c'],
  blockBytes: 100,
  blocksHit: 0,
  tokens: [5, 6, 7],
  logits: ['x', 'y', 'z'],
  times: { lookupMs: null, getMs: null, restoreMs: null, prefillMs: 1, ttftMs: 1, setMs: null },
  error: null,
}
const all: Expectation = { hits: [3, 3], same: true }
const warm: ProofAnswer = { ...cold, blocksHit: 3 }

describe('a verdict', () => {
  test('is good for the same tokens by the same logits, out of the cache', () => {
    expect(judge('warm', cold, warm, all)).toMatchObject({
      passed: true,
      blocksHit: 3,
      blocks: 3,
      sameTokens: true,
      sameLogits: true,
    })
  })

  test.each<[string, Partial<ProofAnswer>, Expectation, string]>([
    ['another token', { tokens: [5, 9, 7] }, all, 'token 2 of 3 differs'],
    ['another last token', { tokens: [5, 6, 9] }, all, 'token 3 of 3 differs'],
    ['an answer that ends early', { tokens: [5, 6], logits: ['x', 'y'] }, all, 'another answer'],
    ['a bit of a logit', { logits: ['x', 'y', 'w'] }, all, 'logits behind token 3 differ'],
    ['too few hits', { blocksHit: 2 }, all, 'where 3 were expected'],
    ['too many hits', { blocksHit: 3 }, { hits: [0, 2], same: true }, 'where 0 to 2 were expected'],
    ['no tokens', { tokens: [], logits: [] }, all, 'no tokens'],
    [
      'a failure',
      { error: { code: 'engine_failed', message: 'it broke', hint: '', details: {} } },
      all,
      'it broke',
    ],
    ['a step that shows nothing', {}, { ...all, missing: 'nothing was moved' }, 'nothing was moved'],
    ['spoilt values that nothing shows', {}, { hits: [3, 3], same: false }, 'went unnoticed'],
  ])('is bad for %s', (_what, change, expectation, part) => {
    const verdict = judge('step', cold, { ...warm, ...change }, expectation)
    expect(verdict.passed).toBe(false)
    expect(verdict.text).toContain(part)
  })

  test('is good when spoilt values show', () => {
    const spoilt = { ...warm, tokens: [1, 2, 3], logits: ['p', 'q', 'r'] }
    expect(judge('self-check', cold, spoilt, { hits: [3, 3], same: false }).passed).toBe(true)
  })
})
