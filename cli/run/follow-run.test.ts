import { describe, expect, it } from 'vitest'
import type { ConsoleApi, RunDetail, RunSummary, StoredRequest } from '#shared/contract/console-api'
import type { Client } from '#shared/contract/rpc'
import { resolveRun } from '../commands/runs'
import type { Progress } from '../output/progress'
import { followRun, requireSuccess } from './follow-run'
import { propagationByTrial } from './propagation'

const summary = (runId: string, state: RunSummary['state']): RunSummary => ({
  runId,
  name: runId,
  lab: 'local',
  createdAt: 0,
  state,
  trialsTotal: 3,
  trialsDone: 3,
  requestsDone: 9,
  progress: 1,
  remainingS: null,
})
const running = { kind: 'running', trialId: null } as const
const finished = (failedTrials: number) => ({ kind: 'finished', at: 1, failedTrials }) as const

/** An engine that answers what a test says, and the events that it sends. */
function anEngine(answers: Record<string, (params: never) => unknown>) {
  const listeners = new Map<string, (payload: unknown) => void>()
  const calls: string[] = []
  const client = {
    call: async (method: string, params: never) => {
      calls.push(method)
      return answers[method]?.(params)
    },
    on: (event: string, listener: (payload: unknown) => void) => {
      listeners.set(event, listener)
      return () => void listeners.delete(event)
    },
  } as unknown as Client<ConsoleApi>
  const send = (event: string, payload: unknown): void => listeners.get(event)?.(payload)
  return { client, send, calls, listeners }
}

function aProgress(): Progress & { shown: string[] } {
  const shown: string[] = []
  return {
    shown,
    update: (run) => shown.push(`${run.runId} ${run.state.kind}`),
    note: (text) => shown.push(text),
    stop: () => shown.push('stopped'),
  }
}

describe('following a run', () => {
  it('looks at this run alone, until it ends', async () => {
    const { client, send, listeners } = anEngine({ run: () => summary('mine', running) })
    const progress = aProgress()
    const following = followRun(client, 'mine', progress, new AbortController().signal)
    await new Promise(setImmediate)
    send('runChanged', summary('other', finished(0)))
    send('runEvent', { runId: 'other', trialId: 't001', name: 'host_lost', message: 'nuc9 ended' })
    send('runEvent', { runId: 'mine', trialId: 't001', name: 'host_lost', message: 'nuc2 ended' })
    send('runEvent', { runId: 'mine', trialId: 't001', name: 'rotation_started', message: '' })
    send('runChanged', summary('mine', finished(0)))
    expect(await following).toEqual({ kind: 'ended', run: summary('mine', finished(0)) })
    expect(progress.shown).toEqual(['mine running', 't001: nuc2 ended', 'mine finished', 'stopped'])
    expect(listeners.size).toBe(0)
  })

  it('notices a run that ended before anybody listened, and one that is stuck', async () => {
    const ended = anEngine({ run: () => summary('mine', finished(1)) })
    const never = new AbortController().signal
    expect(await followRun(ended.client, 'mine', aProgress(), never)).toMatchObject({ kind: 'ended' })
    const reason = { code: 'storage_full' as const, message: 'full', hint: '', details: {} }
    const stuck = anEngine({ run: () => summary('mine', { kind: 'paused', trialId: null, reason }) })
    expect(await followRun(stuck.client, 'mine', aProgress(), never)).toEqual({ kind: 'stuck', reason })
  })

  it('cancels it when it is interrupted', async () => {
    const { client, send, calls } = anEngine({ run: () => summary('mine', running), cancelRun: () => null })
    const controller = new AbortController()
    const following = followRun(client, 'mine', aProgress(), controller.signal)
    controller.abort()
    send('runChanged', summary('mine', { kind: 'cancelled', at: 1 }))
    await following
    expect(calls).toContain('cancelRun')
  })
})

it('only a run whose trials all went to their end is a success', () => {
  const codeOf = (state: RunSummary['state']): unknown => {
    try {
      requireSuccess({ kind: 'ended', run: summary('r', state) })
      return 'success'
    } catch (thrown) {
      return (thrown as { code: string }).code
    }
  }
  expect(codeOf(finished(0))).toBe('success')
  expect(codeOf(finished(1))).toBe('trial_failed')
  expect(codeOf({ kind: 'cancelled', at: 1 })).toBe('cancelled')
  expect(codeOf({ kind: 'interrupted' })).toBe('cancelled')
})

it('latest is the newest run, which comes first', async () => {
  const { client } = anEngine({ runs: () => [summary('new', running), summary('old', finished(0))] })
  expect(await resolveRun(client, 'latest')).toBe('new')
  expect(await resolveRun(client, 'old')).toBe('old')
  await expect(resolveRun(client, 'none')).rejects.toMatchObject({ code: 'not_found' })
  await expect(resolveRun(anEngine({ runs: () => [] }).client, 'latest')).rejects.toMatchObject({
    code: 'not_found',
  })
})

it('the light time of a trial is the median over all its requests that succeeded', async () => {
  // More than one page: the later requests took longer, the failed ones longest.
  const rows = Array.from({ length: 6_001 }, (_, i): Partial<StoredRequest> => {
    if (i % 10 === 9) return { status: 'failed', propagationMs: 1e6 }
    return { status: 'ok', propagationMs: i % 10 === 8 ? null : i }
  })
  const { client, calls } = anEngine({
    requests: ({ trialId, offset, limit }: { trialId: string; offset: number; limit: number }) =>
      trialId === 't002'
        ? { total: 0, rows: [] }
        : { total: rows.length, rows: rows.slice(offset, offset + limit) },
  })
  const run = { runId: 'r', trials: [{ trialId: 't001' }, { trialId: 't002' }] } as unknown as RunDetail
  const measured = rows.flatMap((row) =>
    row.status === 'ok' && row.propagationMs !== null ? row.propagationMs : [],
  )
  expect(measured).toHaveLength(4_801)
  expect(await propagationByTrial(client, run)).toEqual(
    new Map([
      ['t001', measured[2_400]],
      ['t002', null],
    ]),
  )
  expect(calls).toHaveLength(3)
})
