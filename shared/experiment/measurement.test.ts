import { describe, expect, test } from 'vitest'
import { emptyMeasurement, isHarmful } from './measurement'
import { requestRecord } from './records'

test('an empty measurement is a valid part of a record, in which nothing was measured', () => {
  const empty = emptyMeasurement(1_700_000_000_000, 800, 6)
  expect(
    requestRecord.parse({ kind: 'request', requestId: 0, sessionId: 0, turn: 0, ...empty }),
  ).toMatchObject(empty)
  expect(Object.entries(empty).filter(([name]) => name.endsWith('Ms'))).toHaveLength(9)
  for (const [name, value] of Object.entries(empty)) if (name.endsWith('Ms')) expect(value).toBeNull()
})

describe('a hit is harmful', () => {
  test('when lookup and get took longer than computing its tokens', () => {
    const hit = { cachedTokens: 100, lookupMs: 20, getMs: 31 }
    expect(isHarmful(hit, 2_000)).toBe(true)
    expect(isHarmful({ ...hit, getMs: 30 }, 2_000)).toBe(false)
    expect(isHarmful({ ...hit, lookupMs: null, getMs: 51 }, 2_000)).toBe(true)
  })

  test('never without a hit, nor before a rate was measured', () => {
    expect(isHarmful({ cachedTokens: 0, lookupMs: 900, getMs: null }, 2_000)).toBe(false)
    expect(isHarmful({ cachedTokens: 100, lookupMs: 900, getMs: 900 }, null)).toBe(false)
  })
})
