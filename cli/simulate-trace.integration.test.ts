import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { commandLineUnderTest, csvRows } from './testing/command-line'

const { run } = await commandLineUnderTest()

const experiment = `name: small
seed: 7
parameters:
  slots: 9
  planes: 5
  centre_slot: 4
  centre_plane: 2
  kvc_bytes_per_token: 64
  chunk_bytes: 1024
  prefill_tokens_per_s: 1000000
factors:
  strategy: [rotation, hop]
  satellite_bytes: [20000, 10000000]
`

/** Requests of three blocks: a common one, one that every second shares, and one of its own. */
const trace = Array.from({ length: 40 }, (_, i) =>
  JSON.stringify({
    timestamp: i * 500,
    input_length: 1_400,
    output_length: 4,
    hash_ids: [0, 1 + (i % 2), 3 + i],
  }),
).join('\n')

function files(changes: { experiment?: string; trace?: string } = {}): { data: string; args: string[] } {
  const data = temporaryFolder()
  writeFileSync(join(data, 'trace.jsonl'), changes.trace ?? trace)
  writeFileSync(join(data, 'small.yaml'), changes.experiment ?? experiment)
  const named = ['--trace', join(data, 'trace.jsonl'), '--experiment', join(data, 'small.yaml')]
  return { data, args: ['simulate', 'trace', ...named, '--out', join(data, 'out')] }
}

interface Told {
  directory: string
  ceiling: { blockHitRate: number }
  trials: { trialId: string; metrics: Record<string, number>; ceilingShare: number; eventsPerS: number }[]
}

describe('simulate trace', () => {
  it('has help with examples', async () => {
    const { out, code } = await run(temporaryFolder(), 'simulate', 'trace', '--help')
    expect(code).toBe(0)
    expect(out).toContain('Examples:\n  skymemory simulate trace')
  })

  it('warns of a host that cannot keep up with the trace, and only of that', async () => {
    const slow = files({
      experiment: experiment
        .replace('prefill_tokens_per_s: 1000000', 'prefill_tokens_per_s: 50')
        .replace('[20000, 10000000]', '[10000000]')
        .replace('[rotation, hop]', '[hop]'),
    })
    const behind = await run(slow.data, ...slow.args)
    expect(behind.code).toBe(0)
    expect(behind.err).toMatch(/warning: t001: the model's host fell behind: .* \(the trace lasts 20 s\)/)
    const { data, args } = files()
    expect((await run(data, ...args)).err).not.toContain('warning')
  })

  it('writes the files of a run, and says what share of the ceiling was reached', async () => {
    const { data, args } = files()
    const { code, out } = await run(data, ...args, '--json')
    expect(code).toBe(0)
    const told = JSON.parse(out) as Told
    // Of 120 blocks, 39 common ones and 38 shared ones are known by then.
    expect(told.ceiling.blockHitRate).toBeCloseTo(77 / 120, 12)
    expect(told.trials.map((trial) => trial.trialId)).toEqual(['t001', 't002', 't003', 't004'])
    const [small, large] = told.trials
    expect(large?.ceilingShare).toBe(1)
    expect(small?.ceilingShare).toBeLessThan(1)
    expect(small?.metrics['evicted_chunks']).toBeGreaterThan(0)
    const trials = csvRows(told.directory, 'trials.csv')
    expect(
      trials.map((row) => [row['link_delay'], row['lab'], row['block_tokens'], row['sessions']]),
    ).toEqual(Array.from({ length: 4 }, () => ['simulated', 'simulated', '512', '']))
    expect(trials.map((row) => Number(row['block_hit_rate']))).toEqual(
      told.trials.map((trial) => trial.metrics['block_hit_rate']),
    )
    const requests = csvRows(told.directory, 'requests.csv')
    expect(requests).toHaveLength(160)
    expect(new Set(requests.map((row) => row['trial_id'])).size).toBe(4)
    expect(csvRows(told.directory, 'satellites.csv')).toHaveLength(4 * 45)
    expect(csvRows(told.directory, 'timeline.csv').length).toBeGreaterThan(4 * 19)
    const manifest = JSON.parse(readFileSync(join(told.directory, 'manifest.json'), 'utf8')) as object
    expect(manifest).toMatchObject({ lab: 'simulated', trace: { requests: 40, blocks: 120 } })
  })

  it('gives the same with any number of threads', async () => {
    const rows = await Promise.all(
      ['1', '3'].map(async (threads) => {
        const { data, args } = files()
        const { out } = await run(data, ...args, '--threads', threads, '--json')
        const { directory } = JSON.parse(out) as Told
        return ['trials.csv', 'satellites.csv', 'timeline.csv'].map((file) =>
          csvRows(directory, file).map(({ run_id: _run, trace: _trace, ...rest }) => rest),
        )
      }),
    )
    expect(rows[0]).toEqual(rows[1])
  })

  it.each([
    [
      'more servers than satellites',
      { experiment: `${experiment}  servers: [46]\n` },
      /46 servers do not fit/,
    ],
    [
      'an altitude of 0',
      { experiment: experiment.replace('slots: 9', 'slots: 9\n  altitude_m: 0') },
      /altitude_m/,
    ],
    [
      'a centre outside the torus',
      { experiment: experiment.replace('centre_slot: 4', 'centre_slot: 9') },
      /outside the torus/,
    ],
    [
      'blocks of another size',
      { experiment: experiment.replace('slots: 9', 'slots: 9\n  block_tokens: 128') },
      /block_tokens is 128, but a block of the trace has 512 tokens/,
    ],
    [
      'failures that cannot be read',
      { experiment: experiment.replace('slots: 9', "slots: 9\n  failures: 'tomorrow'") },
      /'tomorrow' is no failure/,
    ],
    ['an empty trace', { trace: '' }, /empty|nothing/],
    ['a bad line', { trace: `${trace}\n{"timestamp": -1}` }, /line 41/],
  ])('refuses %s, and leaves nothing behind', async (_what, changes, message) => {
    const { data, args } = files(changes)
    const { code, err, out } = await run(data, ...args, '--json')
    expect(code).toBe(1)
    expect(err).toMatch(message)
    expect(out).toBe('')
    expect(existsSync(join(data, 'out')) ? readdirSync(join(data, 'out')) : []).toEqual([])
  })

  it('names a trace and an experiment that are not there', async () => {
    const { data, args } = files()
    const without = (name: string): string[] => args.map((arg) => (arg.endsWith(name) ? `${arg}x` : arg))
    expect((await run(data, ...without('trace.jsonl'))).err).toMatch(/trace\.jsonlx/)
    expect((await run(data, ...without('small.yaml'))).err).toMatch(/small\.yamlx cannot be read/)
  })
})

describe('run --simulated', () => {
  const both = `name: both
seed: 5
parameters: { sessions: 3, turns: 2, slots: 9, planes: 5, centre_slot: 4, centre_plane: 2, concurrency: 1,
  rotation_requests: 2, document_count: 2, document_tokens: 300, block_tokens: 32, kvc_bytes_per_token: 256,
  chunk_bytes: 1024, prefill_tokens_per_s: 100000, decode_tokens_per_s: 10000 }
factors: { strategy: [rotation, hop_rotation] }
`
  const counts = [
    'trial_id',
    'request_id',
    'blocks',
    'blocks_hit',
    'chunks_fetched',
    'hops_mean',
    'bytes_written',
  ]

  it('gives the same counts as the local lab, and marks them as simulated', async () => {
    const data = temporaryFolder()
    writeFileSync(join(data, 'both.yaml'), both)
    const results = await Promise.all(
      [[], ['--simulated']].map(async (flags, i) => {
        const folder = join(data, String(i))
        mkdirSync(folder)
        const { out, code } = await run(folder, 'run', join(data, 'both.yaml'), '--json', ...flags)
        expect(code).toBe(0)
        const { directory } = JSON.parse(out) as { directory: string }
        const requests = csvRows(directory, 'requests.csv').map((row) => counts.map((name) => row[name]))
        const trials = csvRows(directory, 'trials.csv')
        return { requests: requests.sort(), trials }
      }),
    )
    const [local, simulated] = results
    expect(simulated?.requests).toEqual(local?.requests)
    expect(local?.trials.map((row) => row['lab'])).toEqual(['local', 'local'])
    expect(simulated?.trials.map((row) => row['lab'])).toEqual(['simulated', 'simulated'])
    for (const name of ['block_hit_rate', 'hops_mean', 'migrated_chunks', 'evicted_chunks']) {
      expect(simulated?.trials.map((row) => row[name])).toEqual(local?.trials.map((row) => row[name]))
    }
  })

  it('refuses on a lab of hosts what only the simulator honours', async () => {
    const data = temporaryFolder()
    const file = join(data, 'slow.yaml')
    writeFileSync(
      file,
      both.replace('{ sessions', '{ isl_megabits_per_s: 100, link_delay: simulated, sessions'),
    )
    const { code, err } = await run(data, 'run', file)
    expect(code).toBe(1)
    expect(err).toMatch(/isl_megabits_per_s 100 is honoured by the simulator only/)
    expect(err).toMatch(/link_delay simulated is honoured by the simulator only/)
    expect((await run(data, 'run', file, '--simulated')).code).toBe(0)
  })
})
