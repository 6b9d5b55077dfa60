import { expect, it } from 'vitest'
import { aTrial } from '../testing/records'
import { estimateDurationS } from './estimate'

const trial = aTrial('t1', {
  cache: 'off',
  sessions: 8,
  turns: 2,
  concurrency: 4,
  document_tokens: 976,
  output_tokens: 100,
  prefill_tokens_per_s: 1_000,
  prefill_quadratic_s: 0,
  decode_tokens_per_s: 100,
})
const changed = (change: Partial<typeof trial.parameters>) => [
  { ...trial, parameters: { ...trial.parameters, ...change } },
]

it('counts prefill and decode of all turns, sessions side by side, and the preparation of each trial', () => {
  // Prompts of 1,000 and 1,124 tokens and 2 x 1 s of decoding: 4.124 s a conversation, two after another.
  expect(estimateDurationS([trial])).toBeCloseTo(0.5 + 2 * 4.124, 9)
  expect(estimateDurationS([trial, trial])).toBeCloseTo(2 * estimateDurationS([trial]), 9)
  // More room than sessions makes no session faster.
  expect(estimateDurationS(changed({ concurrency: 100 }))).toBeCloseTo(0.5 + 4.124, 9)
  // Half the square of the prompt's length, as attention costs.
  expect(estimateDurationS(changed({ prefill_quadratic_s: 1e-6, turns: 1 }))).toBeCloseTo(0.5 + 2 * 2.5, 9)
})

it('expects a cache to hold six tenths of the prompts', () => {
  expect(estimateDurationS(changed({ cache: 'skymemory' }))).toBeCloseTo(0.5 + 2 * (0.4 * 2.124 + 2), 9)
})
