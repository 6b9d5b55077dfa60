import type { ConsoleApi, RunSummary } from '#shared/contract/console-api'
import { fromErrorBody, SkyError, type ErrorBody } from '#shared/contract/errors'
import type { Client } from '#shared/contract/rpc'
import type { Progress } from '../output/progress'

export type RunEnd =
  | { readonly kind: 'ended'; readonly run: RunSummary }
  /** It cannot go on by itself: a full disk, a lab that does not start. */
  | { readonly kind: 'stuck'; readonly reason: ErrorBody }

/** Show how a run goes until it ends, or pauses for a reason that somebody must remove. */
export async function followRun(
  client: Client<ConsoleApi>,
  runId: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<RunEnd> {
  const stops: (() => void)[] = []
  try {
    return await new Promise<RunEnd>((resolve, reject) => {
      const look = (run: RunSummary): void => {
        if (run.runId !== runId) return
        progress.update(run)
        const { state } = run
        if (state.kind === 'paused' && state.reason) resolve({ kind: 'stuck', reason: state.reason })
        if (state.kind === 'finished' || state.kind === 'cancelled' || state.kind === 'interrupted') {
          resolve({ kind: 'ended', run })
        }
      }
      stops.push(client.on('runChanged', look))
      stops.push(
        client.on('runEvent', (event) => {
          if (event.runId !== runId) return
          if (event.name === 'host_lost' || event.name === 'host_returned')
            progress.note(`${event.trialId}: ${event.message}`)
        }),
      )
      const onAbort = (): void => {
        progress.note('Cancelling; what was recorded is kept. Press Ctrl+C again to end at once.')
        client.call('cancelRun', { runId }).catch(reject)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      stops.push(() => signal.removeEventListener('abort', onAbort))
      if (signal.aborted) onAbort()
      // It may have ended before anybody listened.
      client.call('run', { runId }).then(look, reject)
    })
  } finally {
    for (const stop of stops) stop()
    progress.stop()
  }
}

/** @throws SkyError unless the run went to its end with all its trials */
export function requireSuccess(end: RunEnd): RunSummary {
  if (end.kind === 'stuck') throw fromErrorBody(end.reason)
  const { run } = end
  switch (run.state.kind) {
    case 'finished': {
      const { failedTrials } = run.state
      if (failedTrials === 0) return run
      const message = `${failedTrials} of ${run.trialsTotal} trials of run ${run.runId} failed`
      throw new SkyError(
        'trial_failed',
        message,
        `What was recorded is kept. Run a trial alone: skymemory repeat ${run.runId} TRIAL`,
      )
    }
    case 'cancelled':
      throw new SkyError('cancelled', `Run ${run.runId} was cancelled`, `What was recorded is kept.`)
    default: {
      const hint = `Go on with it: skymemory resume ${run.runId}`
      throw new SkyError('cancelled', `Run ${run.runId} was interrupted`, hint)
    }
  }
}
