import type { CachePolicy } from '#shared/simulation/replay/block-cache'
import { replayTrace, type ReplayFigures } from '#shared/simulation/replay/replay'
import type { TraceBatch } from '#shared/simulation/traces/trace-batch'
import type { TaskContext } from '../workers/task'

export interface ReplayInput {
  /** In shared memory, so that every thread reads the same copy. */
  readonly trace: TraceBatch
  readonly policy: CachePolicy
  /** Blocks; Infinity for a cache without end. */
  readonly capacity: number
}

/** Replays a trace against one cache; reports how many requests are done. */
export function replayTask(
  { trace, policy, capacity }: ReplayInput,
  { report }: TaskContext<number>,
): ReplayFigures {
  return replayTrace(trace, policy, capacity, report)
}
