import { expect, it } from 'vitest'
import type { RecordStore } from '../store/record-store'
import type { Attempt } from '../store/run-store'
import { anEvent, aRequest } from '../testing/records'
import { timelineOf } from './timeline'

const records = (started: boolean): RecordStore =>
  ({
    events: async () => (started ? [anEvent({ at: 10_000 })] : []),
    ofAttempt: async () => [aRequest({ startedAt: 10_500, e2eMs: 700 })],
    samples: async () => [{ at: 12_900, storedBytes: 5, evictedChunks: 1, migratedChunks: 2 }],
  }) as unknown as RecordStore
const attempt = (startedAt: number | null): Attempt => ({ attemptId: 1, startedAt }) as Attempt

it('begins when the host says that the trial began, else when the engine learned of it', async () => {
  const seconds = async (started: boolean): Promise<number[][]> => {
    const { points } = await timelineOf(records(started), 't1', attempt(9_000))
    return points
      .filter(({ requests, storedBytes }) => requests > 0 || storedBytes !== null)
      .map(({ tS }) => [tS])
  }
  expect(await seconds(true)).toEqual([[1], [2]])
  expect(await seconds(false)).toEqual([[2], [3]])
})

it('is empty where the trial never started', async () => {
  expect((await timelineOf(records(true), 't1', attempt(null))).points).toEqual([])
})
