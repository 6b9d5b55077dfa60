import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FigureQuestion, ReplayJob, ReplayQuestion } from '#shared/contract/simulation-api'
import { anEngine, type EngineUnderTest } from '../testing/engine'
import { layFigureResources } from '../testing/figure-resources'
import { temporaryFolder } from '../testing/folders'
import { memoryLabs } from '../testing/memory-lab'
import { workerBundle } from '../testing/worker-bundle'
import { conversationTrace, gzipped, mooncakeLines, traceFile } from '../traces/testing/trace-files'

const workerEntry = await workerBundle()
const figuresDirectory = (): string => layFigureResources(join(temporaryFolder(), 'figures'))

async function underTest(): Promise<EngineUnderTest & { jobs: ReplayJob[]; end: Promise<ReplayJob> }> {
  const tested = await anEngine(memoryLabs().start, { workerEntry })
  const jobs: ReplayJob[] = []
  const end = new Promise<ReplayJob>((resolve) => {
    tested.client.on('replayChanged', (job) => {
      jobs.push(job)
      if (job.state.kind !== 'reading' && job.state.kind !== 'replaying') resolve(job)
    })
  })
  return { ...tested, jobs, end }
}

const asked = (
  path: string,
  caches: ReplayQuestion['caches'],
  declared: Partial<ReplayQuestion['trace']> = {},
) => ({
  trace: { path, skipBadLines: false, sortByTime: false, ...declared },
  caches,
})

const mooncake = (count: number): string => `${mooncakeLines(count).join('\n')}\n`
const azure =
  'TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-12 00:00:00.1,300,9\n2024-05-12 00:00:01.1,300,9\n'

describe('looking at a trace', () => {
  it('tells what the file is, and what must be declared', async () => {
    const { client } = await underTest()
    const path = traceFile(gzipped(mooncake(3)), 'three.jsonl.gz')
    expect(await client.call('inspectTrace', { path })).toMatchObject({
      path,
      isGzip: true,
      format: 'mooncake',
      blockTokens: 512,
      knowsPrefixes: true,
      knowsArrivals: true,
    })
    const csv = traceFile(azure, 'azure.csv')
    expect(await client.call('inspectTrace', { path: csv })).toMatchObject({
      format: 'azure',
      knowsPrefixes: false,
    })
  })

  it.each([
    ['trace.jsonl', 'invalid_argument', 'not an absolute path'],
    ['/nowhere/trace.jsonl', 'not_found', 'there is no file'],
  ] as const)('refuses %s', async (path, code, message) => {
    const { client } = await underTest()
    await expect(client.call('inspectTrace', { path })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    })
  })

  it.each([
    ['', 'is empty'],
    [' \n ', 'nothing but white space'],
    ['a,b\n1,2\n', 'format of the trace cannot be told'],
  ])('refuses a file that holds %j', async (content, message) => {
    const { client } = await underTest()
    await expect(client.call('inspectTrace', { path: traceFile(content) })).rejects.toMatchObject({
      code: 'invalid_trace',
      message: expect.stringContaining(message) as string,
    })
  })
})

describe('a replay', { timeout: 30_000 }, () => {
  it('tells its progress, and the figures of every cache in the order of the question', async () => {
    const { client, jobs, end } = await underTest()
    const caches: ReplayQuestion['caches'] = [
      { policy: 'lru', capacity: null },
      { policy: 'lru', capacity: 3 },
      { policy: 'optimum', capacity: 3 },
    ]
    const { replayId } = await client.call('startReplay', asked(traceFile(mooncake(70)), caches))
    const last = await end
    expect(last.state).toMatchObject({ kind: 'finished', format: 'mooncake', skipped: { lines: 0 } })
    expect(
      last.rows.map(({ policy, capacity, prefixHitBlocks }) => [policy, capacity, prefixHitBlocks]),
    ).toEqual([
      ['lru', null, 63],
      // Seven blocks in turn never meet an LRU of three.
      ['lru', 3, 0],
      ['optimum', 3, expect.toSatisfy((hits: number) => hits > 0 && hits < 63)],
    ])
    expect(jobs.every((job) => job.replayId === replayId)).toBe(true)
    expect(await client.call('replay', {})).toEqual(last)
  })

  it('of one cache is fed while the file is read', async () => {
    const { client, end } = await underTest()
    await client.call('startReplay', asked(traceFile(mooncake(70)), [{ policy: 'fifo', capacity: 100 }]))
    expect((await end).rows).toMatchObject([{ policy: 'fifo', requests: 70, prefixHitBlocks: 63 }])
  })

  it('fails with the line that is bad, or skips and counts it', async () => {
    const { client, end } = await underTest()
    const path = traceFile(
      `${mooncake(2)}{"timestamp": 5\n${mooncake(1).replace('"timestamp":0', '"timestamp":30')}`,
    )
    await client.call('startReplay', asked(path, [{ policy: 'lru', capacity: 5 }]))
    expect((await end).state).toMatchObject({
      kind: 'failed',
      error: { code: 'invalid_trace', message: expect.stringContaining('line 3') as string },
    })
    const again = await underTest()
    await again.client.call(
      'startReplay',
      asked(path, [{ policy: 'lru', capacity: 5 }], { skipBadLines: true }),
    )
    expect(await again.end).toMatchObject({
      state: { kind: 'finished', skipped: { lines: 1, first: [{ number: 3 }] } },
      rows: [{ requests: 3 }],
    })
  })

  it('is refused before it starts where something must be declared', async () => {
    const { client } = await underTest()
    const path = traceFile(azure, 'azure.csv')
    await expect(
      client.call('startReplay', asked(path, [{ policy: 'lru', capacity: 5 }])),
    ).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('says nothing about common prefixes') as string,
    })
    expect(await client.call('replay', {})).toBeNull()
  })

  it.each([
    [{ policy: 'lru', capacity: 0 }],
    [{ policy: 'lru', capacity: 1.5 }],
    [{ policy: 'best', capacity: 1 }],
  ])('refuses the cache %j', async (cache) => {
    const { client } = await underTest()
    await expect(
      client.call('startReplay', asked(traceFile(mooncake(2)), [cache as ReplayQuestion['caches'][0]])),
    ).rejects.toMatchObject({ code: 'invalid_argument' })
  })

  it('runs alone, is cancelled, and lets another one start', async () => {
    const { client, end } = await underTest()
    const path = traceFile(mooncake(60_000))
    const many = Array.from({ length: 200 }, (_, i) => ({ policy: 'lfu' as const, capacity: i + 1 }))
    const { replayId } = await client.call('startReplay', asked(path, many))
    await expect(client.call('startReplay', asked(path, many))).rejects.toMatchObject({ code: 'conflict' })
    await expect(client.call('cancelReplay', { replayId: 'other' })).rejects.toMatchObject({
      code: 'not_found',
    })
    await client.call('cancelReplay', { replayId })
    expect((await end).state).toEqual({ kind: 'cancelled' })
    await client.call('startReplay', asked(path, [{ policy: 'lru', capacity: 1 }]))
    expect(await client.call('replay', {})).toMatchObject({ replayId: 'replay-2' })
  })

  it('has the known values of the conversation trace', async ({ skip }) => {
    const path = conversationTrace()
    if (path === null) return skip('shared/traces is not beside the repository')
    const { client, end } = await underTest()
    await client.call(
      'startReplay',
      asked(path, [
        { policy: 'lru', capacity: null },
        { policy: 'lru', capacity: 10_000 },
      ]),
    )
    const { rows } = await end
    expect(rows[0]).toMatchObject({
      requests: 12_031,
      blocks: 288_500,
      uniqueBlocks: 182_790,
      prefixHitBlocks: 105_710,
    })
    expect(rows.map((row) => row.blockHitRate?.toFixed(6))).toEqual(['0.366412', '0.211165'])
  })
})

describe('figures', { timeout: 30_000 }, () => {
  const question = (
    directory: string,
    changed: Partial<FigureQuestion['configuration']> = {},
  ): FigureQuestion => ({
    configuration: {
      preset: 'paper',
      torus: { slots: 15, planes: 15 },
      centre: { slot: 7, plane: 7 },
      rotations: 2,
      servers: 9,
      altitudeM: 550_000,
      kvcBytes: 1_048_576,
      chunkBytes: 12_288,
      chunkProcessingTimeS: 0.002,
      ...changed,
    },
    values: {
      KVC_BYTES: [1_048_576],
      SERVERS: [9, 25],
      CHUNK_PROCESSING_TIME: [0, 0.002],
      ALTITUDE: [550_000],
    },
    directory,
    titles: true,
  })

  it('are drawn from what the form says, as SVG and PNG', async () => {
    const directory = join(temporaryFolder(), 'new', 'folder')
    const { client } = await anEngine(memoryLabs().start, { figuresDirectory: figuresDirectory() })
    const written = await client.call('exportFigures', question(directory))
    expect(written.directory).toBe(directory)
    expect(written.files).toHaveLength(2 * (4 + 3))
    for (const file of written.files) expect(existsSync(join(directory, file))).toBe(true)
    const servers = readFileSync(join(directory, 'latency-servers.svg'), 'utf8')
    expect(servers).toContain('550 km')
    expect(written.files).toContain('layout-hop_rotation-15x15-centre-7-7-servers-9-rotations-2.png')
  })

  it('are refused where a number is wrong, or the folder is no place', async () => {
    const { client } = await anEngine(memoryLabs().start, { figuresDirectory: figuresDirectory() })
    const directory = temporaryFolder()
    await expect(client.call('exportFigures', question(directory, { altitudeM: 0 }))).rejects.toMatchObject({
      code: 'invalid_argument',
      details: { parameter: 'altitude' },
    })
    await expect(client.call('exportFigures', question('figures'))).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'figures is not an absolute path',
    })
    const beyond = { ...question(directory), values: { ...question(directory).values, SERVERS: [500] } }
    await expect(client.call('exportFigures', beyond)).rejects.toMatchObject({
      details: { parameter: 'servers' },
    })
  })
})
