import { describe, expect, it } from 'vitest'
import { replayQuestion, type ReplayJob, type TraceInspection } from '#shared/contract/simulation-api'
import { checkReplay, firstReplayDraft, type ReplayDraft } from './replay-draft'
import { ceilingOf, replayCsv, replaySpec, shareOfCeiling } from './replay-results'

const mooncake: TraceInspection = {
  path: '/traces/conversation.jsonl',
  bytes: 1000,
  isGzip: false,
  format: 'mooncake',
  title: 'Mooncake JSONL',
  blockTokens: 512,
  knowsPrefixes: true,
  knowsArrivals: true,
  inOrder: true,
}
const azure: TraceInspection = { ...mooncake, format: 'azure', knowsPrefixes: false }
const ask = (changed: Partial<ReplayDraft>, trace = mooncake) =>
  checkReplay({ ...firstReplayDraft, ...changed }, trace)

describe('the form of a replay', () => {
  it('asks for the ceiling, and every policy at every capacity', () => {
    const { question } = ask({ policies: ['arc', 'lru'], capacities: '20, 10' })
    expect(question?.caches).toEqual([
      { policy: 'lru', capacity: null },
      { policy: 'lru', capacity: 10 },
      { policy: 'lru', capacity: 20 },
      { policy: 'arc', capacity: 10 },
      { policy: 'arc', capacity: 20 },
    ])
    expect(replayQuestion.safeParse(question).success).toBe(true)
  })

  it('declares only what the file does not say', () => {
    expect(ask({ prefixModel: 'shared' }).question?.trace).toEqual({
      path: '/traces/conversation.jsonl',
      skipBadLines: false,
      sortByTime: false,
    })
    expect(ask({ prefixModel: 'shared' }, azure).question?.trace.prefixModel).toEqual({
      kind: 'shared',
      tokens: 512,
    })
    const withoutTimes = { ...mooncake, format: 'sharegpt', knowsArrivals: false } as const
    expect(ask({ arrivalRate: '2.5' }, withoutTimes).question?.trace.arrivals).toMatchObject({
      perSecond: 2.5,
    })
  })

  it.each([
    [{ capacities: '0' }, mooncake, 'capacities'],
    [{ capacities: '1.5' }, mooncake, 'capacities'],
    [{ capacities: 'many' }, mooncake, 'capacities'],
    [{ capacities: '1:300:1' }, mooncake, 'capacities'],
    [{ policies: [] }, mooncake, 'policies'],
    [{ blockTokens: '-1' }, mooncake, 'blockTokens'],
    [{ prefixModel: 'shared', sharedTokens: '' }, azure, 'sharedTokens'],
    [{ arrivalRate: '0' }, { ...mooncake, knowsArrivals: false }, 'arrivalRate'],
  ] as const)('refuses %j', (changed, trace, field) => {
    const { problems, question } = ask(changed, trace)
    expect([...problems.keys()]).toEqual([field])
    expect(question).toBeNull()
  })
})

describe('the results of a replay', () => {
  const row = {
    requests: 100,
    blocks: 400,
    uniqueBlocks: 200,
    evictions: 3,
    promptTokens: 9,
    hitTokens: 4,
    touchHitBlocks: 5,
  }
  const job: ReplayJob = {
    replayId: 'replay-1',
    startedAt: 0,
    question: ask({ policies: ['lru', 'optimum'], capacities: '10, 100' }).question!,
    state: { kind: 'replaying', done: 2, total: 5 },
    rows: [
      { ...row, policy: 'lru', capacity: null, prefixHitBlocks: 200, blockHitRate: 0.5, tokenHitRate: 0.4 },
      { ...row, policy: 'lru', capacity: 100, prefixHitBlocks: 100, blockHitRate: 0.25, tokenHitRate: 0.2 },
    ],
  }

  it('grow as caches are done: a line a policy under the ceiling', () => {
    const spec = replaySpec(job, 'block', 'from-zero')
    expect(spec.series.map(({ key, points }) => [key, points])).toEqual([
      [
        'ceiling',
        [
          { x: 10, y: 0.5 },
          { x: 100, y: 0.5 },
        ],
      ],
      ['lru', [{ x: 100, y: 0.25 }]],
      ['optimum', []],
    ])
    expect(replaySpec(job, 'token', 'fitted').series[0]!.points[0]!.y).toBe(0.4)
    expect(ceilingOf({ ...job, rows: [] }, 'block')).toBeNull()
    expect(shareOfCeiling(job, job.rows[1]!)).toBe(0.5)
  })

  it('are exported with inf for the infinite cache, and what is not known left empty', () => {
    const [, infinite, lru] = replayCsv(job).split('\r\n')
    expect(infinite).toBe('conversation.jsonl,,lru,inf,,100,400,200,200,0.5,0.4,3,9,4,5,,,,,')
    expect(lru).toContain('lru,100,')
  })
})
