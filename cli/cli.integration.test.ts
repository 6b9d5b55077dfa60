import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { allEnded, isAlive } from '#lab/testing/processes'
import { commandLineUnderTest, experiment, experimentFile, lastLine } from './testing/command-line'

const { start, run, runsOf, agents } = await commandLineUnderTest()

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
    ['orbits'],
    ['lab'],
    ['lab', 'up'],
    ['lab', 'status'],
    ['lab', 'down'],
    ['lab', 'list'],
    ['lab', 'export'],
    ['lab', 'import'],
    ['lab', 'forget'],
    ['lab', 'check'],
    ['lab', 'accept-key'],
    ['lab', 'forget-key'],
    ['lab', 'preflight'],
    ['lab', 'plan'],
    ['lab', 'apply'],
    ['lab', 'rollback'],
    ['lab', 'remove'],
    ['lab', 'service'],
    ['lab', 'log'],
    ['lab', 'runtimes'],
    ['lab', 'runtimes', 'fetch'],
    ['lab', 'runtimes', 'import'],
    ['run'],
    ['demo'],
    ['resume'],
    ['repeat'],
    ['show'],
    ['runs'],
    ['export'],
    ['model'],
    ['model', 'add'],
    ['model', 'list'],
    ['model', 'show'],
    ['model', 'remove'],
    ['model', 'random'],
    ['verify'],
    ['serve'],
    ['testbed'],
    ['testbed', 'up'],
    ['testbed', 'status'],
    ['testbed', 'down'],
  ]
  for (const command of commands) {
    const { code, out } = await run(data, ...command, '--help')
    expect(code).toBe(0)
    expect(out).toContain(`Usage: skymemory ${command.join(' ')}`)
    if (['lab', 'model', 'testbed'].includes(command.join())) continue
    expect(out).toMatch(new RegExp(`Examples:\n  (sudo )?skymemory ${command.join(' ')}`))
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
