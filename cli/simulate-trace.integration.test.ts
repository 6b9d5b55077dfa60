import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { tleFile, walkerElements } from '#shared/constellation/orbits/testing/make-tle'
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

  it('simulates the satellites of a file, and refuses another grid and a file that is none', async () => {
    const shell = {
      torus: { slots: 9, planes: 6 },
      pattern: 'delta',
      altitudeM: 1_200_000,
      inclinationDeg: 60,
    } as const
    const data = temporaryFolder()
    writeFileSync(join(data, 'shell.tle'), tleFile(walkerElements({ ...shell, phasing: 1 })))
    const simulate = (size: string, name = 'shell.tle') => {
      const text = `name: real
parameters: { ${size}, centre_slot: 4, centre_plane: 2, kvc_bytes_per_token: 64, orbits: tle, tle_file: ${join(data, name)},
  inclination_deg: 60, min_elevation_deg: 5 }
`
      writeFileSync(join(data, 'small.yaml'), text)
      writeFileSync(join(data, 'trace.jsonl'), trace)
      const named = ['--trace', join(data, 'trace.jsonl'), '--experiment', join(data, 'small.yaml')]
      return run(data, 'simulate', 'trace', ...named, '--out', join(data, 'out'), '--json')
    }
    const { out, code } = await simulate('slots: 9, planes: 6')
    expect(code).toBe(0)
    expect((JSON.parse(out) as Told).trials[0]?.metrics['block_hit_rate']).toBeGreaterThan(0)
    expect((await simulate('slots: 9, planes: 5')).err).toMatch(
      /shell\.tle form a grid of 9x6, not of 9x5 \[invalid_experiment\]\nhint: Set slots to 9 and planes to 6\./,
    )
    expect((await simulate('slots: 9, planes: 6', 'none.tle')).err).toMatch(
      /none\.tle cannot be read: ENOENT/,
    )
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

describe('a trace that an experiment file names', () => {
  const azure = `TIMESTAMP,ContextTokens,GeneratedTokens\n${Array.from({ length: 30 }, (_, i) => {
    const time = new Date(Date.UTC(2023, 10, 16, 18, 15, 0, i * 700)).toISOString()
    return `${time.replace('T', ' ').replace('Z', '0000')},${700 + 13 * i},${3 + (i % 5)}`
  }).join('\n')}\n`
  const shareGpt = JSON.stringify(
    Array.from({ length: 8 }, (_, i) => ({
      id: `c${i}`,
      conversations: ['human', 'gpt', 'human', 'gpt'].map((from, turn) => ({
        from,
        value: `Turn ${turn} of conversation ${i}, with some words more. `.repeat(12),
      })),
    })),
  )
  const plain = experiment.slice(0, experiment.indexOf('factors:'))
  const factors = 'factors: { strategy: [rotation, hop_rotation], satellite_bytes: [20000, 10000000] }\n'

  /** Files with a trace of this name, and an experiment with these lines among its parameters. */
  function named(trace: string, content: string, ...lines: string[]): { data: string; file: string } {
    const data = temporaryFolder()
    writeFileSync(join(data, trace), content)
    const file = join(data, 'named.yaml')
    const parameters = [`trace: ${join(data, trace)}`, 'link_delay: simulated', ...lines]
    writeFileSync(file, `${plain}${parameters.map((line) => `  ${line}\n`).join('')}${factors}`)
    return { data, file }
  }

  /** What does not depend on the moment of the start, or on which command wrote it. */
  function numbersOf(directory: string): Record<string, Record<string, string>[]> {
    const rows = (file: string): Record<string, string>[] =>
      csvRows(directory, file).map(({ run_id: _run, started_at: _at, host: _host, ...rest }) => rest)
    return {
      trials: rows('trials.csv'),
      requests: rows('requests.csv'),
      satellites: rows('satellites.csv'),
    }
  }

  it.each([
    ['Mooncake', 'trace.jsonl', trace, ['block_tokens: 512'], []],
    [
      'Azure',
      'trace.csv',
      azure,
      ['block_tokens: 64', 'trace_prefix_model: shared:512'],
      ['--prefix-model', 'shared:512', '--block-tokens', '64'],
    ],
    ['ShareGPT', 'trace.json', shareGpt, ['trace_arrival_rate: 0.5'], ['--arrival-rate', '0.5']],
  ])('gives the numbers of simulate trace: %s', async (_format, name, content, lines, flags) => {
    const { data, file } = named(name, content, ...lines)
    const run1 = await run(data, 'run', file, '--simulated', '--json')
    expect(run1).toMatchObject({ code: 0 })
    const traceFlags = ['--trace', join(data, name), '--experiment', file, ...flags]
    const run2 = await run(data, 'simulate', 'trace', ...traceFlags, '--json')
    expect(run2).toMatchObject({ code: 0 })
    const [ran, simulated] = [run1, run2].map(({ out }) =>
      numbersOf((JSON.parse(out) as { directory: string }).directory),
    )
    expect(ran?.['trials']).toHaveLength(4)
    expect(new Set(ran?.['trials']?.map((row) => row['evicted_chunks'])).size).toBeGreaterThan(1)
    expect(Number(ran?.['trials']?.[1]?.['block_hit_rate'])).toBeGreaterThan(0)
    expect(ran).toEqual(simulated)
  })

  it('takes what the file declares in simulate trace too, and writes it into its files', async () => {
    const { data, file } = named('trace.csv', azure, 'trace_prefix_model: shared:512')
    const flags = ['--trace', join(data, 'trace.csv'), '--experiment', file, '--json']
    const ofFile = JSON.parse((await run(data, 'simulate', 'trace', ...flags)).out) as Told
    const model = (told: Told) =>
      csvRows(told.directory, 'trials.csv').map((row) => row['trace_prefix_model'])
    expect(new Set(model(ofFile))).toEqual(new Set(['shared:512']))
    const { out } = await run(data, 'simulate', 'trace', ...flags, '--prefix-model', 'none')
    const ofFlag = JSON.parse(out) as Told
    expect(new Set(model(ofFlag))).toEqual(new Set(['none']))
    expect([ofFile.ceiling.blockHitRate > 0, ofFlag.ceiling.blockHitRate]).toEqual([true, 0])
  })

  it.each([
    ['no prefix model', 'trace.csv', azure, [], /says nothing about common prefixes/, /trace_prefix_model/],
    ['no rate', 'trace.json', shareGpt, [], /has no times/, /trace_arrival_rate/],
    [
      'a rate beside times',
      'trace.csv',
      azure,
      ['trace_prefix_model: none', 'trace_arrival_rate: 2'],
      /has times of its own/,
      /Leave trace_arrival_rate out/,
    ],
    [
      'a bad line',
      'trace.jsonl',
      `${trace}\n{"timestamp": -1}`,
      ['block_tokens: 512'],
      /line 41/,
      /--skip-bad-lines\. \(an option of skymemory simulate trace\)/,
    ],
  ])(
    'says in the words of the file what is wrong: %s',
    async (_what, name, content, lines, message, hint) => {
      const { data, file } = named(name, content, ...lines)
      const { code, out } = await run(data, 'run', file, '--simulated', '--json')
      expect(code).not.toBe(0)
      const { run: ended } = JSON.parse(out) as { run: { runId: string } }
      const shown = await run(data, 'show', ended.runId, '--json')
      expect(shown.out).toMatch(message)
      expect(shown.out).toMatch(hint)
      expect(shown.out).not.toMatch(/--(prefix-model|arrival-rate)/)
    },
  )

  it('refuses a prefix model that is none, and one that varies in simulate trace', async () => {
    const wrong = named('trace.csv', azure, 'trace_prefix_model: shared:0')
    expect((await run(wrong.data, 'run', wrong.file, '--simulated')).err).toMatch(
      /named\.yaml:\d+:\d+: trace_prefix_model shared:0 is no prefix model .*allowed: none, session, or shared:TOKENS/,
    )
    const { data, file } = named('trace.csv', azure)
    writeFileSync(file, `${plain}factors: { trace_prefix_model: [none, 'shared:512'] }\n`)
    const { err } = await run(
      data,
      'simulate',
      'trace',
      '--trace',
      join(data, 'trace.csv'),
      '--experiment',
      file,
    )
    expect(err).toMatch(/trace_prefix_model is a factor.*\nhint: .*run --simulated/)
  })
})
