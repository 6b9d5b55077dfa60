import { expect, test } from 'vitest'
import { proofParameters } from './proof-parameters'

const question = {
  model: 'tiny',
  kvType: 'f16',
  blockTokens: 32,
  promptTokens: 140,
  outputTokens: 5,
  threads: 1,
} as const

test.each([
  [5, 3, 9],
  [4, 2, 6],
  [19, 5, 9],
  [2, 1, 1],
])('in a constellation of %dx%d, %d servers turn with it', (slots, planes, servers) => {
  expect(proofParameters({ ...question }, { slots, planes }).servers).toBe(servers)
})

test('what cannot turn proves no migration', () => {
  expect(() => proofParameters({ ...question }, { slots: 1, planes: 5 })).toThrow(/1x5 nothing moves/)
})
