import { availableParallelism } from 'node:os'
import type { CachePolicy } from '#shared/simulation/replay/block-cache'
import { onlineCache, type OnlinePolicy } from '#shared/simulation/replay/create-cache'
import { Replay, type ReplayFigures } from '#shared/simulation/replay/replay'
import type { TraceOptions, TraceSettings } from '#shared/simulation/traces/trace-options'
import { loadTrace, openTrace, type ReadTally, type TraceReading } from '../../traces/read-trace'
import type { ReadProgress } from '../../traces/trace-bytes'
import type { SimulationTasks } from '../workers/tasks'
import { WorkerPool } from '../workers/worker-pool'

/** A cache that a trace is replayed against. */
export interface ReplayedCache {
  readonly policy: CachePolicy
  /** Blocks; Infinity for a cache without end. */
  readonly capacity: number
}

export interface ReplayJob {
  readonly path: string
  readonly options: TraceOptions
  /** At least one. */
  readonly caches: readonly ReplayedCache[]
  /** The file of the worker threads. */
  readonly workerEntry: string
  /** Threads at most; as many as the machine runs at a time unless told otherwise. */
  readonly threads?: number | undefined
}

export type ReplayProgress =
  | ({ readonly kind: 'reading' } & ReadProgress)
  /** Requests of all caches together. */
  | { readonly kind: 'replaying'; readonly done: number; readonly total: number }

export interface ReplayControl {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined
}

export interface ReplayOutcome {
  readonly settings: TraceSettings
  readonly tally: ReadTally
  /** In the order of the job's caches. */
  readonly figures: readonly ReplayFigures[]
}

/**
 * Replays a trace against caches. One cache that needs no future is fed while the file is read, in memory that does not grow with it; otherwise the trace is read
 * once into memory that all threads share, and each cache is a task of its own.
 * @throws SkyError as `openTrace`, and `cancelled`
 */
export async function replayFile(job: ReplayJob, control: ReplayControl = {}): Promise<ReplayOutcome> {
  const { path, options, caches } = job
  const read = {
    signal: control.signal,
    onProgress: (progress: ReadProgress): void => control.onProgress?.({ kind: 'reading', ...progress }),
  }
  const [only] = caches
  if (caches.length === 1 && only !== undefined && only.policy !== 'optimum') {
    return replayStream(await openTrace(path, options, read), only.policy, only.capacity)
  }
  const { trace, settings, tally } = await loadTrace(
    path,
    options,
    read,
    (bytes) => new SharedArrayBuffer(bytes),
  )
  const threads = Math.min(caches.length, job.threads ?? availableParallelism())
  const pool = new WorkerPool<SimulationTasks>({ workerEntry: job.workerEntry, threads })
  try {
    const done = caches.map(() => 0)
    const figures = await Promise.all(
      caches.map(async ({ policy, capacity }, index) =>
        pool.run(
          'replay',
          { trace, policy, capacity },
          {
            // A signal of its own each: many listeners on one would be taken for a leak.
            signal: control.signal && AbortSignal.any([control.signal]),
            onProgress: (requests) => {
              done[index] = requests
              const sum = done.reduce((all, each) => all + each, 0)
              control.onProgress?.({ kind: 'replaying', done: sum, total: trace.requests * caches.length })
            },
          },
        ),
      ),
    )
    return { settings, tally, figures }
  } finally {
    await pool.close()
  }
}

async function replayStream(
  { settings, batches, tally }: TraceReading,
  policy: OnlinePolicy,
  capacity: number,
): Promise<ReplayOutcome> {
  const replay = new Replay(onlineCache(policy, capacity))
  for await (const batch of batches) replay.add(batch)
  return { settings, tally, figures: [replay.figures()] }
}
