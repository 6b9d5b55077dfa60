import { expect, test } from 'vitest'
import { longestBytes, roughBytes } from './tokenizer'

test('the longest token is measured by the text that it stands for', () => {
  // SentencePiece writes spaces as U+2581; each is one byte of text.
  expect(longestBytes(['a', '▁▁▁▁', 'né'])).toBe(4)
  expect(longestBytes(['a', '中文'])).toBe(6)
  expect(longestBytes([])).toBe(1)
})

test('a chat is about as long as its messages and what its template adds', () => {
  expect(roughBytes({ text: 'né', startsPrompt: true })).toBe(3)
  const many = Array.from({ length: 1_000 }, () => ({ role: 'user', content: '' }))
  expect(roughBytes({ messages: many })).toBeGreaterThan(10_000)
})
