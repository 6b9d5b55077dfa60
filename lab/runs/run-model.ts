import type {
  PlannedTrial,
  RunState,
  RunSummary,
  RunTrial,
  TrialState,
  TrialSummary,
} from '#shared/contract/console-api'
import type { Attempt, RunTotals, StoredRun, StoredTrial } from '../store/run-store'
import { progressOf, type Pace } from './progress'

/** A trial of a run with its newest attempt, as it is now. */
export interface TrialModel {
  readonly planned: PlannedTrial
  attempt: Attempt
  state: TrialState
  summary: TrialSummary | null
  requestsTotal: number
  requestsDone: number
}

/** A run as it is now: the truth while the program runs; the database follows. */
export interface RunModel {
  readonly stored: Omit<StoredRun, 'state'>
  state: RunState
  /** Null until somebody needs them: most runs are history. */
  trials: TrialModel[] | null
  /** What the database said when it was opened; `trials` replaces it. */
  readonly totals: RunTotals
  pace: Pace
}

export function trialModel({ attempt, ...planned }: StoredTrial): TrialModel {
  // An attempt that runs in the database but not here belongs to a program that has ended.
  const state: TrialState = attempt.state.kind === 'running' ? { kind: 'interrupted' } : attempt.state
  return { planned, ...ofAttempt(attempt), state }
}

/** What a trial takes over from its newest attempt. */
export function ofAttempt(attempt: Attempt): Omit<TrialModel, 'planned'> {
  const { state, summary, requestsTotal, requestsDone } = attempt
  return { attempt, state, summary, requestsTotal, requestsDone }
}

const isDone = (state: TrialState): boolean => state.kind === 'completed' || state.kind === 'failed'

export function totalsOf(run: RunModel): RunTotals {
  if (!run.trials) return run.totals
  const sum = (pick: (trial: TrialModel) => number): number =>
    run.trials?.reduce((total, trial) => total + pick(trial), 0) ?? 0
  return {
    trialsTotal: run.trials.length,
    trialsDone: sum((trial) => (isDone(trial.state) ? 1 : 0)),
    requestsDone: sum((trial) => trial.requestsDone),
    // A trial that failed will not do the rest of its requests.
    requestsTotal: sum((trial) => (trial.state.kind === 'failed' ? trial.requestsDone : trial.requestsTotal)),
  }
}

/** @param now ms of a clock that never goes back */
export function runSummary(run: RunModel, now: number): RunSummary {
  const { runId, name, lab, createdAt } = run.stored
  const { trialsTotal, trialsDone, requestsDone, requestsTotal } = totalsOf(run)
  const work = { done: requestsDone, total: requestsTotal }
  const active = run.state.kind === 'running' || run.state.kind === 'paused'
  return {
    runId,
    name,
    lab,
    createdAt,
    state: run.state,
    trialsTotal,
    trialsDone,
    requestsDone,
    progress: run.state.kind === 'finished' ? 1 : progressOf(work),
    remainingS: active ? run.pace.remainingS(work, now) : null,
  }
}

export function runTrial(trial: TrialModel): RunTrial {
  const { planned, attempt, state, summary } = trial
  return { ...planned, attempt: attempt.attempt, state, summary }
}

/** How a run stands when nothing of it is running or queued. */
export function restState(trials: readonly TrialModel[], now: number): RunState {
  const count = (...kinds: TrialState['kind'][]): number =>
    trials.filter((trial) => kinds.includes(trial.state.kind)).length
  if (count('waiting', 'interrupted', 'running') > 0) return { kind: 'interrupted' }
  if (count('cancelled') > 0) return { kind: 'cancelled', at: now }
  return { kind: 'finished', at: now, failedTrials: count('failed') }
}
