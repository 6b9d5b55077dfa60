import { startLimit } from '#shared/contract/agent-config'

export interface RestartPolicy {
  /** Wait before the second start; every further one within the window waits twice as long. */
  readonly firstWaitMs: number
  readonly starts: number
  readonly windowMs: number
}

export const restartPolicy: RestartPolicy = {
  firstWaitMs: 500,
  starts: startLimit.starts,
  windowMs: startLimit.windowS * 1000,
}

/** What to do about an agent that failed: start it again after a wait, or, after too many starts in a short time, never. */
export type Restart = { readonly kind: 'start'; readonly waitMs: number } | { readonly kind: 'give_up' }

/** @param starts times of all starts so far, ms by a clock that is never set, in order */
export function afterFailure(starts: readonly number[], now: number, policy: RestartPolicy): Restart {
  const recent = starts.filter((at) => now - at < policy.windowMs).length
  if (recent >= policy.starts) return { kind: 'give_up' }
  return { kind: 'start', waitMs: policy.firstWaitMs * 2 ** Math.max(0, recent - 1) }
}
