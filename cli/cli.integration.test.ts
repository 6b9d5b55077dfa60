import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RunSummary } from '#shared/contract/console-api'
import { bundleFor } from '#lab/testing/agent-bundle'
import { smallDisk, temporaryFolder } from '#lab/testing/folders'
import { allEnded, isAlive, processesWith } from '#lab/testing/processes'
import { startCommand, type Finished, type Running } from './testing/command'

const { cli, folder: bundles } = await bundleFor({ cli: true })

const start = (data: string, ...args: string[]): Running => {
  const running = startCommand(cli, data, args)
  onTestFinished(() => void running.child.kill('SIGKILL'))
  return running
}
const run = (data: string, ...args: string[]): Promise<Finished> => start(data, ...args).finished

/** Agents that were started from this file's bundle. */
const agents = (): number[] => processesWith(join(bundles, 'agent', 'skymemory-agent.mjs'))

const experiment = (sessions: number): string => `name: Tiny
seed: 5
parameters: { slots: 5, planes: 3, centre_slot: 2, centre_plane: 1, document_count: 2, document_tokens: 256,
  kvc_bytes_per_token: 1024, chunk_bytes: 4096, block_tokens: 64, output_tokens: 8, prefill_tokens_per_s: 20000,
  decode_tokens_per_s: 500, sessions: ${sessions}, turns: 2, servers: 4 }
factors: { cache: [off, skymemory], strategy: [rotation] }
`

function experimentFile(data: string, text: string): string {
  const file = join(data, 'experiment.yaml')
  writeFileSync(file, text)
  return file
}

const runsOf = async (data: string): Promise<RunSummary[]> =>
  JSON.parse((await run(data, 'runs', '--json')).out) as RunSummary[]

const csvRows = (folder: string, name: string): Record<string, string>[] =>
  parse(readFileSync(join(folder, name)), { columns: true })

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''

describe('place', () => {
  it('prints exactly the JSON that other programs expect', async () => {
    const data = temporaryFolder()
    const args = [
      'place',
      '--strategy',
      'hop',
      '--servers',
      '3',
      '--slots',
      '19',
      '--planes',
      '5',
      '--centre',
      '0,0',
    ]
    const { code, out, err } = await run(data, ...args, '--json')
    expect(out).toBe(
      '{"strategy":"hop","positions":[{"server":0,"slot":0,"plane":0},{"server":1,"slot":0,"plane":4},{"server":2,"slot":1,"plane":0}]}\n',
    )
    expect([code, err]).toEqual([0, ''])
    expect(readdirSync(data)).toEqual([])
  })

  it.each([
    [['--servers', '96'], /96 servers do not fit .* \[invalid_argument\]\nhint: Choose 1 to 95 servers/],
    [['--centre', '19,0'], /the centre \(19, 0\) is not on the torus/],
    [['--centre', 'x'], /It must be SLOT,PLANE/],
    [['--strategy', 'best'], /Allowed choices are rotation, hop, hop_rotation/],
    [['--servers', '1.5'], /whole number/],
    [['--unknown'], /unknown option/],
  ])('refuses %j', async (wrong, message) => {
    const args = [
      '--strategy',
      'hop',
      '--servers',
      '3',
      '--slots',
      '19',
      '--planes',
      '5',
      '--centre',
      '0,0',
      ...wrong,
    ]
    const { code, out, err } = await run(temporaryFolder(), 'place', ...args)
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toMatch(message)
  })
})

it('has help with examples for every command', async () => {
  const data = temporaryFolder()
  const commands = [
    ['place'],
    ['lab'],
    ['lab', 'up'],
    ['lab', 'status'],
    ['lab', 'down'],
    ['run'],
    ['demo'],
    ['resume'],
    ['repeat'],
    ['show'],
    ['runs'],
    ['export'],
  ]
  for (const command of commands) {
    const { code, out } = await run(data, ...command, '--help')
    expect(code).toBe(0)
    expect(out).toContain(`Usage: skymemory ${command.join(' ')}`)
    if (command.join() !== 'lab') expect(out).toContain(`Examples:\n  skymemory ${command.join(' ')}`)
  }
  expect((await run(data, '--help')).out).not.toContain('lab-daemon')
})

describe('an experiment file that is wrong', () => {
  it.each([
    [
      'an unknown key',
      'sessionss: 3',
      /experiment\.yaml:3:15: unknown key sessionss .*did you mean sessions\?.*allowed: /,
    ],
    ['a wrong type', 'sessions: many', /experiment\.yaml:3:25: .*sessions.*\(many\), allowed: an integer/],
    [
      'more servers than satellites',
      'servers: 96',
      /experiment\.yaml:3:24: 96 servers do not fit .*allowed: 1 to 95/,
    ],
    ['a chunk size of 0', 'chunk_bytes: 0', /experiment\.yaml:3:28: .*\(0\), allowed: an integer from 256/],
  ])('is refused for %s, with the line, the value, and what is allowed', async (_, parameter, message) => {
    const data = temporaryFolder()
    const file = experimentFile(data, `name: Wrong\nseed: 1\nparameters: { ${parameter} }\n`)
    const { code, out, err } = await run(data, 'run', file)
    expect(err).toMatch(message)
    expect(err).toMatch(/error: .* was not run \[invalid_experiment\]/)
    expect([code, out]).toEqual([1, ''])
    expect(readdirSync(data)).toEqual(['experiment.yaml'])
  })

  it('is refused when it is not there, or no text', async () => {
    const data = temporaryFolder()
    expect((await run(data, 'run', 'nothing.yaml')).err).toMatch(/nothing\.yaml cannot be read/)
    writeFileSync(join(data, 'binary.yaml'), Buffer.from([0xff, 0xfe, 0xfd]))
    expect(await run(data, 'run', 'binary.yaml')).toMatchObject({ code: 1, out: '' })
  })
})

describe('run', () => {
  it('shows its progress, a table, and last the folder of the results', async () => {
    const data = temporaryFolder()
    const file = experimentFile(data, experiment(6))
    const { code, out, err } = await run(data, 'run', file, '--out', 'results of mine')
    expect(err).toMatch(/^Run \S+-tiny-\w{4}\n/)
    expect(err).toMatch(/100% \| \d\/2 trials \| 24 requests \| 0:00 left/)
    expect(code).toBe(0)
    const directory = lastLine(out)
    expect(directory.startsWith(join(data, 'results of mine'))).toBe(true)
    expect(readdirSync(directory).sort()).toEqual([
      'manifest.json',
      'requests.csv',
      'satellites.csv',
      'timeline.csv',
      'trials.csv',
    ])
    expect(out).toMatch(/t002 +│ rotation, 4 servers +│ +12 │/)
    expect(agents()).toEqual([])

    const runs = await runsOf(data)
    expect(runs).toMatchObject([{ state: { kind: 'finished' }, trialsDone: 2, requestsDone: 24 }])
    const exported = await run(data, 'export', 'latest', '--out', join(data, 'again'), '--json')
    expect(JSON.parse(exported.out)).toMatchObject({ directory: join(data, 'again', runs[0]?.runId ?? '') })
    expect((await run(data, 'runs')).out).toContain(runs[0]?.runId)
    expect(await run(data, 'export', 'none')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/\[not_found\]/) as string,
    })
  })

  it('refuses a results folder that it cannot write to, before anything runs', async () => {
    const data = temporaryFolder()
    const file = experimentFile(data, experiment(2))
    writeFileSync(join(data, 'taken'), '')
    const { code, err } = await run(data, 'run', file, '--out', join(data, 'taken'))
    expect(code).toBe(1)
    expect(err).toContain(`Results cannot be written to ${join(data, 'taken')}`)
    expect(err).toMatch(/\[storage_unwritable\]\nhint: /)
    expect(existsSync(join(data, 'skymemory.duckdb'))).toBe(false)
  })

  it('keeps the records when the results folder goes bad meanwhile', async () => {
    const data = temporaryFolder()
    const out = join(data, 'out')
    const running = start(data, 'run', experimentFile(data, experiment(30)), '--out', out)
    await running.said(/^Run /)
    // The probe has passed; now a file takes the folder's place.
    rmSync(out, { recursive: true })
    writeFileSync(out, '')
    const { code, err } = await running.finished
    expect(code).toBe(1)
    expect(err).toMatch(/The records of run \S+ are kept.*skymemory export/)
    const exported = await run(data, 'export', 'latest', '--out', join(data, 'other'))
    expect(exported.code).toBe(0)
    expect(csvRows(lastLine(exported.out), 'requests.csv')).toHaveLength(120)
  })

  it('prints JSON for programs', async () => {
    const data = temporaryFolder()
    const { out } = await run(data, 'run', experimentFile(data, experiment(2)), '--json')
    const answer = JSON.parse(out) as { run: RunSummary; directory: string }
    expect(answer.run.state.kind).toBe('finished')
    expect(answer.directory).toBe(join(data, 'results', answer.run.runId))
  })

  it('is cancelled cleanly by Ctrl+C, keeping its records', async () => {
    const data = temporaryFolder()
    const running = start(data, 'run', experimentFile(data, experiment(500)))
    await running.said(/ [1-9]% /)
    running.child.kill('SIGINT')
    const { code, err, out } = await running.finished
    expect(code).toBe(130)
    expect(err).toMatch(/was cancelled \[cancelled\]/)
    expect(agents()).toEqual([])
    const [kept] = await runsOf(data)
    expect(kept).toMatchObject({ state: { kind: 'cancelled' } })
    expect(csvRows(lastLine(out), 'requests.csv')).toHaveLength(kept?.requestsDone ?? -1)
  })

  it('leaves no orphan and loses no record when it is killed, and can be resumed', async () => {
    const data = temporaryFolder()
    const running = start(data, 'run', experimentFile(data, experiment(100)))
    await running.said(/[5-9]5% \| 1\/2/)
    const started = agents()
    expect(started).toHaveLength(4)
    running.child.kill('SIGKILL')
    await running.finished
    await allEnded(started)

    const [interrupted] = await runsOf(data)
    expect(interrupted).toMatchObject({ state: { kind: 'interrupted' }, trialsDone: 1 })
    expect(interrupted?.requestsDone).toBeGreaterThan(200)
    const { code, out } = await run(data, 'resume', 'latest')
    expect(code).toBe(0)
    const rows = csvRows(lastLine(out), 'requests.csv')
    expect(rows).toHaveLength(400)
    expect(new Set(rows.map((row) => `${row['trial_id']} ${row['request_id']}`)).size).toBe(400)
    const trials = csvRows(lastLine(out), 'trials.csv')
    expect(trials.map((row) => [row['status'], row['attempt']])).toEqual([
      ['completed', '1'],
      ['completed', '2'],
    ])
  })

  it('ends when the disk is full, saying so, and is resumed with nothing lost', async ({ skip }) => {
    const disk = smallDisk(64)
    if (!disk) return skip('this user may not mount a small disk')
    onTestFinished(() => disk.unmount())
    const out = temporaryFolder()
    const data = join(disk.path, 'data')
    mkdirSync(data)
    const running = start(data, 'run', experimentFile(data, experiment(100)), '--out', out)
    await running.said(/[5-9]5% \| 1\/2/)
    disk.fill()
    const { code, err } = await running.finished
    expect(code).toBe(1)
    expect(err).toMatch(/Run \S+ is paused.*skymemory resume/)
    expect(err).toMatch(/error: .*\[storage_full\]\nhint: Free some/)
    expect(agents()).toEqual([])
    disk.clear()
    const resumed = await run(data, 'resume', 'latest', '--out', out)
    expect(resumed.code).toBe(0)
    expect(csvRows(lastLine(resumed.out), 'requests.csv')).toHaveLength(400)
  })

  it('says that a trial failed, and runs it again alone', async () => {
    const data = temporaryFolder()
    const running = start(data, 'run', experimentFile(data, experiment(100)))
    await running.said(/[5-9]5% \| 1\/2/)
    const [inference] = processesWith(join(data, 'journals'))
    process.kill(inference ?? 0, 'SIGKILL')
    const { code, err, out } = await running.finished
    expect(code).toBe(1)
    expect(err).toMatch(/t002: jetson ended \(signal SIGKILL\)/)
    expect(err).toMatch(/1 of 2 trials of run \S+ failed \[trial_failed\]\nhint: .*skymemory repeat/)
    expect(csvRows(lastLine(out), 'trials.csv').map((row) => row['status'])).toEqual(['completed', 'failed'])
    expect((await run(data, 'show', 'latest')).out).toMatch(
      /t002: The inference host jetson was killed .*\[trial_failed\]/,
    )

    const repeated = await run(data, 'repeat', 'latest', 't002')
    expect(repeated.code).toBe(0)
    const trials = csvRows(lastLine(repeated.out), 'trials.csv')
    expect(trials.map((row) => [row['status'], row['attempt'], row['requests']])).toEqual([
      ['completed', '1', '200'],
      ['completed', '2', '200'],
    ])
  })

  it('says who uses the data directory', async () => {
    const data = temporaryFolder()
    const running = start(data, 'run', experimentFile(data, experiment(500)))
    await running.said(/ 0% /)
    const { code, err } = await run(data, 'runs')
    expect(code).toBe(1)
    expect(err).toMatch(new RegExp(`process ${running.child.pid ?? 0}\\).*\\[storage_locked\\]`))
    running.child.kill('SIGINT')
    await running.finished
  })
})

describe('a lab in the background', () => {
  it('serves later commands until it is stopped', async () => {
    const data = temporaryFolder()
    onTestFinished(async () => void (await run(data, 'lab', 'down', '--force')))
    expect(JSON.parse((await run(data, 'lab', 'status', '--json')).out)).toEqual({ kind: 'stopped' })
    const up = await run(data, 'lab', 'up', '--slots', '5', '--planes', '3')
    expect(up).toMatchObject({ code: 0, err: '' })
    expect(up.out).toMatch(/nuc3 .* healthy/)
    const before = agents()
    expect(before).toHaveLength(4)
    expect((await run(data, 'lab', 'up', '--slots', '5', '--planes', '3')).code).toBe(0)
    expect(agents()).toEqual(before)

    const ran = await run(data, 'run', experimentFile(data, experiment(4)))
    expect(ran.code).toBe(0)
    expect(existsSync(join(lastLine(ran.out), 'trials.csv'))).toBe(true)
    expect(agents()).toEqual(before)
    expect(await runsOf(data)).toHaveLength(1)

    const active = start(data, 'run', experimentFile(data, experiment(500)))
    await active.said(/ 0% /)
    expect(await run(data, 'lab', 'down')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/\[conflict\]/) as string,
    })
    expect((await run(data, 'lab', 'down', '--force')).code).toBe(0)
    expect(before.filter(isAlive)).toEqual([])
    expect((await active.finished).code).toBe(1)
    expect((await run(data, 'lab', 'status')).out).toContain('stopped')
    expect((await runsOf(data))[0]).toMatchObject({ state: { kind: 'interrupted' } })
  })

  it('leaves no orphan when it is killed, and is known to be gone', async () => {
    const data = temporaryFolder()
    await run(data, 'lab', 'up', '--slots', '5', '--planes', '3')
    const active = start(data, 'run', experimentFile(data, experiment(500)))
    await active.said(/ 0% /)
    const { pid } = JSON.parse(readFileSync(join(data, 'lab-daemon.json'), 'utf8')) as { pid: number }
    const started = agents()
    process.kill(pid, 'SIGKILL')
    await allEnded([pid, ...started])
    expect(await active.finished).toMatchObject({
      code: 1,
      err: expect.stringMatching(/\[connection_lost\]/) as string,
    })
    expect((await run(data, 'lab', 'status')).out).toContain('stopped')
    expect(await runsOf(data)).toMatchObject([{ state: { kind: 'interrupted' } }])
  })

  it('says why it does not start', async () => {
    const data = temporaryFolder()
    mkdirSync(join(data, 'skymemory.duckdb'))
    const { code, err } = await run(data, 'lab', 'up')
    expect(code).toBe(1)
    expect(err).toMatch(/error: .*skymemory\.duckdb.*\[storage_/)
  })
})

it('does not mind a reader that goes away', async () => {
  const running = start(
    temporaryFolder(),
    ...[
      'place',
      '--strategy',
      'rotation',
      '--servers',
      '60000',
      '--slots',
      '300',
      '--planes',
      '300',
      '--centre',
      '9,2',
      '--json',
    ],
  )
  running.child.stdout?.once('data', () => running.child.stdout?.destroy())
  const { code, err } = await running.finished
  expect([code, err]).toEqual([0, ''])
})
