import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type {
  HostCheck,
  LabPlan,
  PreflightReport,
  ProvisioningState,
} from '#shared/contract/provisioning-api'
import { checkRows, checkTone, findings, pairMatrix, preflightSum } from './preflight-view'
import { hostShare, labShare, mergePlans, mergeStates, outcome, planSum, type HostProgress } from './progress'

const host = (name: string, change: Partial<HostProgress> = {}): HostProgress => ({
  host: name,
  state: 'done',
  step: '',
  stepsDone: 4,
  steps: 4,
  bytesDone: 100,
  bytes: 100,
  changed: true,
  error: null,
  ...change,
})
const state = (hosts: HostProgress[], change: Partial<ProvisioningState> = {}): ProvisioningState => ({
  lab: 'testbed',
  action: 'apply',
  startedAt: 0,
  finishedAt: 1,
  hosts,
  ...change,
})

describe('progress', () => {
  it('is between nothing and all, and never goes back while a host works', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.nat(1_000), fc.nat(1_000), (a, b, c, d) => {
        const [stepsDone, steps] = [Math.min(a, b), Math.max(a, b)]
        const [bytesDone, bytes] = [Math.min(c, d), Math.max(c, d)]
        const now = host('a', { state: 'running', stepsDone, steps, bytesDone, bytes })
        const share = hostShare(now)
        expect(share).toBeGreaterThanOrEqual(0)
        expect(share).toBeLessThanOrEqual(1)
        const later = hostShare({ ...now, bytesDone: bytes, stepsDone: steps })
        expect(later).toBeGreaterThanOrEqual(share)
      }),
    )
  })

  it('goes mostly by what was sent; where nothing is to be sent, by steps', () => {
    const running = (change: Partial<HostProgress>) => hostShare(host('a', { state: 'running', ...change }))
    expect(running({ stepsDone: 1, steps: 4, bytesDone: 50, bytes: 100 })).toBeCloseTo(0.45)
    expect(running({ stepsDone: 1, steps: 4, bytesDone: 0, bytes: 0 })).toBe(0.25)
    expect(running({ stepsDone: 0, steps: 0, bytesDone: 0, bytes: 0 })).toBe(0)
    expect(hostShare(host('a', { state: 'done', stepsDone: 0, bytesDone: 0 }))).toBe(1)
  })

  it('of a lab is done when every host is, whether it failed or not', () => {
    const hosts = [
      host('a'),
      host('b', { state: 'failed', stepsDone: 1, bytesDone: 0 }),
      host('c', { state: 'cancelled', stepsDone: 1, bytesDone: 0 }),
    ]
    expect(labShare(state(hosts))).toBe(1)
    expect(labShare(state([]))).toBe(1)
    expect(labShare(state([host('a'), host('b', { state: 'waiting', stepsDone: 0, bytesDone: 0 })]))).toBe(
      0.5,
    )
  })

  it('of a retry takes the place of what was told of that host before', () => {
    const before = state([host('a'), host('b', { state: 'failed' })])
    const again = state([host('b', { state: 'running' })], { startedAt: 5, finishedAt: null })
    const merged = mergeStates(before, again)
    expect(merged.hosts.map((one) => [one.host, one.state])).toEqual([
      ['a', 'done'],
      ['b', 'running'],
    ])
    expect([merged.startedAt, merged.finishedAt]).toEqual([5, null])
    // Another act begins anew.
    expect(mergeStates(before, { ...again, action: 'remove' }).hosts).toHaveLength(1)
    // So does one on another lab, or on a host that was not there before.
    expect(mergeStates(before, { ...again, lab: 'other' }).hosts).toHaveLength(1)
    expect(mergeStates(before, { ...again, hosts: [host('c')] }).hosts.map((one) => one.host)).toEqual(['c'])
    expect(mergeStates(before, state([host('b'), host('a')])).hosts.map((one) => one.host)).toEqual([
      'b',
      'a',
    ])
    expect(mergeStates(null, again)).toBe(again)
  })
})

describe('the end of an act is said in a sentence', () => {
  it.each([
    [[host('a'), host('b')], 'apply', '2 of 2 hosts changed.'],
    [[host('a', { changed: false })], 'apply', 'Nothing to change: every host is as it should be.'],
    [[host('a'), host('b', { state: 'failed' })], 'apply', '1 of 2 hosts changed, 1 failed.'],
    [[host('a', { state: 'failed' })], 'remove', '1 failed.'],
    [[host('a'), host('b', { state: 'cancelled' })], 'rollback', '1 of 2 hosts rolled back, 1 cancelled.'],
    [[host('a')], 'remove', '1 of 1 hosts cleared.'],
  ] as const)('%#: %s', (hosts, action, sentence) => {
    expect(outcome(state([...hosts], { action }))).toBe(sentence)
    expect(outcome(state([...hosts], { action, finishedAt: null }))).toBe('')
  })
})

describe('a plan', () => {
  const plan: LabPlan = {
    lab: 'testbed',
    version: '2',
    hosts: ['a', 'b'].map((name) => ({
      host: name,
      service: 'system',
      directory: '/opt',
      installedVersion: null,
      previousVersion: null,
      steps: [
        { id: 'runtime', title: 'Runtime', action: 'create', detail: '', bytes: 50 },
        { id: 'agent', title: 'Agent', action: name === 'a' ? 'none' : 'update', detail: '', bytes: 7 },
      ],
      error: null,
    })),
  }

  it('adds up only what would change', () => {
    expect(planSum(plan)).toEqual({ hosts: 2, changing: 2, failed: 0, steps: 3, bytes: 107 })
  })

  it('of some hosts goes into that of all', () => {
    const again = { ...plan, hosts: [{ ...plan.hosts[1]!, steps: [] }] }
    expect(mergePlans(plan, again).hosts.map(({ host: name, steps }) => [name, steps.length])).toEqual([
      ['a', 2],
      ['b', 0],
    ])
    expect(mergePlans(null, again)).toBe(again)
    // As many hosts are all of them: a host may have another name now.
    const renamed = { ...plan, hosts: [plan.hosts[0]!, { ...plan.hosts[1]!, host: 'c' }] }
    expect(mergePlans(plan, renamed)).toBe(renamed)
  })
})

describe('a preflight', () => {
  const check = (id: string, status: HostCheck['status'], needed = 'x'): HostCheck => ({
    id,
    title: id,
    status,
    found: 'y',
    needed,
    advice: 'do',
  })
  const report: PreflightReport = {
    lab: 'testbed',
    startedAt: 0,
    finishedAt: 1,
    hosts: [
      {
        host: 'nuc1',
        state: 'done',
        checks: [check('os', 'ok'), check('disk', 'warning', '1 GiB')],
        error: null,
      },
      {
        host: 'nuc2',
        state: 'done',
        checks: [check('os', 'ok'), check('gpu', 'skipped'), check('disk', 'failed', '2 GiB')],
        error: null,
      },
      {
        host: 'nuc3',
        state: 'done',
        checks: [],
        error: { code: 'unreachable', message: 'no answer', hint: 'look', details: {} },
      },
    ],
    pairs: [
      { from: 'nuc2', to: 'nuc1', status: 'ok', roundTripMs: 1, throughputMbitS: 2, problem: '' },
      {
        from: 'nuc1',
        to: 'nuc2',
        status: 'failed',
        roundTripMs: null,
        throughputMbitS: null,
        problem: 'closed',
      },
    ],
  }

  it('has a row for each check, with what is needed where all need the same', () => {
    expect(checkRows(report).map(({ id, needed, cells }) => [id, needed, [...cells.keys()]])).toEqual([
      ['os', 'x', ['nuc1', 'nuc2']],
      ['disk', '', ['nuc1', 'nuc2']],
      ['gpu', 'x', ['nuc2']],
    ])
  })

  it('names everything that is not well, the worst first', () => {
    expect(findings(report).map(({ status, where, advice }) => [status, where, advice])).toEqual([
      ['failed', 'nuc2', 'do'],
      ['failed', 'nuc3', 'look'],
      ['failed', 'nuc1 → nuc2', 'closed'],
      ['warning', 'nuc1', 'do'],
    ])
    expect(preflightSum(report)).toEqual({ hostsDone: 3, failed: 3, warnings: 1 })
  })

  it('says of a host that could not be looked at why, and what to do', () => {
    expect(findings(report)[1]).toMatchObject({ where: 'nuc3', found: 'no answer', advice: 'look' })
  })

  it('names a way between hosts that is merely slow', () => {
    const slow = { ...report.pairs[0]!, status: 'warning' as const, problem: 'slow' }
    expect(findings({ ...report, hosts: [], pairs: [slow] })).toMatchObject([
      { status: 'warning', where: 'nuc2 → nuc1', advice: 'slow' },
    ])
  })

  it('counts the hosts that it is through with', () => {
    const [first, ...others] = report.hosts
    const under = { ...report, hosts: [{ ...first!, state: 'running' as const }, ...others] }
    expect(preflightSum(under).hostsDone).toBe(2)
  })

  it('has a tone of its own for every status', () => {
    expect((['ok', 'warning', 'failed', 'skipped'] as const).map(checkTone)).toEqual([
      'ok',
      'warn',
      'bad',
      'idle',
    ])
  })

  it('names once what is the same on several hosts', () => {
    const same = ['nuc1', 'nuc2'].map((host) => ({
      host,
      state: 'done' as const,
      checks: [check('disk', 'warning')],
      error: null,
    }))
    const twice = { ...report, hosts: same, pairs: [] }
    expect(findings(twice).map(({ where }) => where)).toEqual(['nuc1, nuc2'])
    expect(preflightSum(twice).warnings).toBe(2)
  })

  it('shows pairs in the order of the hosts, each way on its own', () => {
    const { from, to, at } = pairMatrix(report)
    expect([from, to]).toEqual([
      ['nuc1', 'nuc2'],
      ['nuc1', 'nuc2'],
    ])
    expect(at('nuc2', 'nuc1')?.roundTripMs).toBe(1)
    expect(at('nuc1', 'nuc1')).toBeNull()
  })
})
