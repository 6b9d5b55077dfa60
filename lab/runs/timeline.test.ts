import { expect, it } from 'vitest'
import type { Attempt } from '../store/run-store'
import type { Store } from '../store/store'
import { anEvent, aReading, aRequest } from '../testing/records'
import { timelineOf } from './timeline'

const stored = (started: boolean): Store =>
  ({
    records: {
      events: async () => (started ? [anEvent({ at: 10_000 })] : []),
      ofAttempt: async () => [aRequest({ startedAt: 10_500, e2eMs: 700 })],
      samples: async () => [{ at: 12_900, storedBytes: 5, evictedChunks: 1, migratedChunks: 2 }],
    },
    machines: { ofAttempt: async () => [aReading('nuc1', 12_100)] },
  }) as unknown as Store
const attempt = (startedAt: number | null): Attempt => ({ attemptId: 1, startedAt }) as Attempt

it('begins when the host says that the trial began, else when the engine learned of it', async () => {
  const seconds = async (started: boolean): Promise<number[][]> => {
    const { points } = await timelineOf(stored(started), 't1', attempt(9_000))
    return points
      .filter(({ requests, storedBytes }) => requests > 0 || storedBytes !== null)
      .map(({ tS }) => [tS])
  }
  expect(await seconds(true)).toEqual([[1], [2]])
  expect(await seconds(false)).toEqual([[2], [3]])
})

it('is empty where the trial never started', async () => {
  expect((await timelineOf(stored(true), 't1', attempt(null))).points).toEqual([])
})

it('has what the machines did in the second in which they were read', async () => {
  const { points } = await timelineOf(stored(true), 't1', attempt(9_000))
  expect(points.map(({ machines }) => Object.keys(machines))).toEqual([[], [], ['nuc1']])
})
