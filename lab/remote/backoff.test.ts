import { expect, it } from 'vitest'
import { backoffMs } from './backoff'

it('waits half a second first, then twice as long each time, and never longer than 15 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 100].map(backoffMs)).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
  ])
})
