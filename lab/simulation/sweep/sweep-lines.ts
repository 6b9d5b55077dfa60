import { setImmediate } from 'node:timers/promises'
import { SkyError } from '#shared/contract/errors'
import { sweepSize, type SweepGrid } from '#shared/simulation/sweep/grid'
import { runInOrder } from '../workers/run-in-order'
import type { SimulationTasks } from '../workers/tasks'
import type { WorkerPool } from '../workers/worker-pool'
import { latencySweepTask, type SweepPart } from './sweep-task'

/** Configurations of one part: about a megabyte of text, some 20 ms of work. */
export const configurationsPerPart = 8_192

/** CSV lines of a part, and how many configurations have been computed with it. */
export interface SweepLines {
  readonly text: string
  readonly done: number
}

/**
 * The CSV lines of a whole sweep in order, part by part; the same whatever the number of threads. Without a pool the parts
 * are computed in this thread.
 * @throws SkyError `cancelled`
 */
export async function* sweepLines(
  grid: SweepGrid,
  pool: WorkerPool<SimulationTasks> | null,
  signal?: AbortSignal,
): AsyncGenerator<SweepLines, void> {
  const parts = pool ? runInOrder(pool, 'latencySweep', sweepParts(grid), signal) : here(grid, signal)
  const size = sweepSize(grid)
  let done = 0
  for await (const text of parts) {
    done = Math.min(done + configurationsPerPart, size)
    yield { text, done }
  }
}

function* sweepParts(grid: SweepGrid): Generator<SweepPart, void> {
  const size = sweepSize(grid)
  for (let from = 0; from < size; from += configurationsPerPart) {
    yield { grid, from, to: Math.min(from + configurationsPerPart, size) }
  }
}

async function* here(grid: SweepGrid, signal?: AbortSignal): AsyncGenerator<string, void> {
  for (const part of sweepParts(grid)) {
    if (signal?.aborted === true) throw new SkyError('cancelled', 'the sweep was cancelled')
    yield latencySweepTask(part)
    // Let others have their turn: a timer, an abort, a write.
    await setImmediate()
  }
}
