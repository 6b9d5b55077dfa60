import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { LogLine } from '#shared/contract/console-api'
import { LogBook } from './log-book'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const line = (text: string): LogLine => ({ at: 1, source: 'nuc1', level: 'info', text })

it('tells lines in portions, and keeps the newest for later', () => {
  const told: LogLine[][] = []
  const book = new LogBook((lines) => told.push(lines))
  book.add([line('a')])
  book.add([line('b'), line('c')])
  expect(told).toEqual([])
  vi.advanceTimersByTime(100)
  expect(told).toEqual([[line('a'), line('b'), line('c')]])
  expect(book.recent()).toHaveLength(3)
})

it('is not flooded: what is left out is counted', () => {
  const told: LogLine[][] = []
  const book = new LogBook((lines) => told.push(lines))
  for (let index = 0; index < 10_000; index++) book.add([line(String(index))])
  vi.advanceTimersByTime(100)
  expect(told).toHaveLength(1)
  expect(told[0]?.length).toBeLessThanOrEqual(501)
  expect(told[0]?.[0]?.text).toMatch(/^\d+ lines were left out here$/)
  expect(told[0]?.at(-1)?.text).toBe('9999')
  expect(book.recent().length).toBeLessThanOrEqual(2_000)
  expect(book.recent().at(-1)?.text).toBe('9999')
})
