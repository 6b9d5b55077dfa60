import type { RunSummary, TrialState } from '#shared/contract/console-api'
import type { Tone } from './lab'

export function runStateLabel(run: RunSummary): string {
  switch (run.state.kind) {
    case 'queued':
      return 'queued'
    case 'running':
      return 'running'
    case 'paused':
      return 'paused'
    case 'finished':
      return run.state.failedTrials > 0 ? `finished, ${run.state.failedTrials} failed` : 'finished'
    case 'cancelled':
      return 'cancelled'
    case 'interrupted':
      return 'interrupted'
  }
}

export function runTone(run: RunSummary): Tone {
  switch (run.state.kind) {
    case 'queued':
      return 'idle'
    case 'running':
      return 'busy'
    case 'paused':
      return 'warn'
    case 'finished':
      return run.state.failedTrials > 0 ? 'warn' : 'ok'
    case 'cancelled':
      return 'idle'
    case 'interrupted':
      return 'warn'
  }
}

export function trialStateLabel(state: TrialState): string {
  switch (state.kind) {
    case 'running':
      return `running, ${state.requestsDone}/${state.requestsTotal}`
    case 'waiting':
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'interrupted':
      return state.kind
  }
}

export function trialTone(state: TrialState): Tone {
  switch (state.kind) {
    case 'waiting':
    case 'cancelled':
      return 'idle'
    case 'running':
      return 'busy'
    case 'completed':
      return 'ok'
    case 'failed':
      return 'bad'
    case 'interrupted':
      return 'warn'
  }
}
