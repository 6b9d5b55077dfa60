import { describe, expect, it } from 'vitest'
import type { TrialState } from '#shared/contract/console-api'
import type { Attempt } from '../store/run-store'
import { aTrial } from '../testing/records'
import { Pace } from './progress'
import { restState, runSummary, totalsOf, trialModel, type RunModel, type TrialModel } from './run-model'

const error = { code: 'trial_failed' as const, message: 'x', hint: '', details: {} }
const failed: TrialState = { kind: 'failed', error }
const completed: TrialState = { kind: 'completed', startedAt: 1, durationS: 2 }

const trial = (state: TrialState, requestsDone: number): TrialModel => ({
  planned: aTrial(),
  attempt: {} as Attempt,
  state,
  summary: null,
  requestsTotal: 10,
  requestsDone,
})

const run = (state: RunModel['state'], trials: TrialModel[] | null): RunModel => ({
  stored: {
    runId: 'r',
    name: 'n',
    lab: 'local',
    createdAt: 1,
    yaml: '',
    program: { version: '1', gitRevision: '', nodeVersion: '', platform: '' },
  },
  state,
  trials,
  totals: { trialsTotal: 7, trialsDone: 3, requestsDone: 20, requestsTotal: 40 },
  pace: new Pace(0),
})

describe('totals of a run', () => {
  it('expect nothing more of a trial that failed', () => {
    const trials = [trial(failed, 3), trial(completed, 10), trial({ kind: 'waiting' }, 0)]
    expect(totalsOf(run({ kind: 'running', trialId: null }, trials))).toEqual({
      trialsTotal: 3,
      trialsDone: 2,
      requestsDone: 13,
      requestsTotal: 23,
    })
  })

  it('are those of the database until the trials are loaded', () => {
    const summary = runSummary(run({ kind: 'interrupted' }, null), 0)
    expect(summary).toMatchObject({ trialsTotal: 7, trialsDone: 3, requestsDone: 20, progress: 0.5 })
  })
})

it('a run that rests is interrupted while something is left, else cancelled or finished', () => {
  const of = (...states: TrialState[]) =>
    restState(
      states.map((state) => trial(state, 0)),
      9,
    )
  expect(of(completed, { kind: 'waiting' }, { kind: 'cancelled' })).toEqual({ kind: 'interrupted' })
  expect(of(completed, { kind: 'interrupted' })).toEqual({ kind: 'interrupted' })
  expect(of(completed, failed, { kind: 'cancelled' })).toEqual({ kind: 'cancelled', at: 9 })
  expect(of(completed, failed, failed)).toEqual({ kind: 'finished', at: 9, failedTrials: 2 })
})

it('an attempt that runs in the database only was interrupted', () => {
  const stored = (state: TrialState) =>
    trialModel({
      ...aTrial(),
      attempt: { state, summary: null, requestsTotal: 10, requestsDone: 4 } as Attempt,
    })
  const running = stored({ kind: 'running', startedAt: 1, requestsDone: 4, requestsTotal: 10 })
  expect(running).toMatchObject({ state: { kind: 'interrupted' }, requestsDone: 4, requestsTotal: 10 })
  expect(stored(completed).state).toEqual(completed)
})
