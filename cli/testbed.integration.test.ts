import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { noTestbed } from '#lab/testing/testbed'
import { loopbackMissing } from '#lab/testbed/requirements'
import type { HostStatus } from '#lab/testbed/testbed'
import { commandLineUnderTest } from './testing/command-line'

const { run } = await commandLineUnderTest()

const missing = noTestbed()
if (missing) console.warn(`Tests of skymemory testbed are skipped: ${missing}`)
const noServers = loopbackMissing()?.message ?? null
if (noServers) console.warn(`Tests of testbeds on loopback are skipped: ${noServers}`)

interface Shown {
  keyFile: string
  user: string
  directory: string
  inventoryFile: string
  hosts: HostStatus[]
}

const ssh = (shown: Shown, index: number, command: string): string => {
  const host = shown.hosts[index] as HostStatus
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes']
  const target = ['-i', shown.keyFile, '-p', `${host.port}`, `${shown.user}@${host.address}`]
  return execFileSync('ssh', [...options.flatMap((each) => ['-o', each]), ...target, command], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
}

describe.skipIf(missing)('skymemory testbed', () => {
  it('makes hosts, says that they run, brings back what was killed, and takes all away', async () => {
    const data = temporaryFolder()
    const prefix = `c${randomBytes(3).toString('hex')}`
    const third = 2 + ((randomBytes(1)[0] as number) % 200)
    const where = ['--prefix', prefix]
    const directory = join(data, 'hosts of a test')
    onTestFinished(async () => void (await run(data, 'testbed', 'down', ...where, '--directory', directory)))
    const made = [
      'testbed',
      'up',
      ...where,
      '--hosts',
      '2',
      '--network',
      `10.79.${third}.0/24`,
      '--directory',
      directory,
    ]
    const first = await run(data, ...made)
    expect(first.err).toBe('')
    expect(first.code).toBe(0)
    expect(first.out).toMatch(/nuc1 .* running/)
    expect(first.out).toContain(`skymemory lab import ${join(directory, 'inventory.yaml')}`)
    const { password } = JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as {
      password: string
    }
    expect(first.out).not.toContain(password)

    const again = await run(data, ...made, '--json')
    expect([again.code, again.err]).toEqual([0, 'It runs already.\n'])
    const shown = JSON.parse(again.out) as Shown
    expect(shown.hosts.map(({ name, state }) => [name, state])).toEqual([
      ['nuc1', 'running'],
      ['jetson', 'running'],
    ])
    expect(ssh(shown, 1, 'hostname; touch ~/kept')).toBe('jetson')

    const init = Number(readFileSync(join(directory, 'hosts', 'jetson', 'init.pid'), 'utf8'))
    process.kill(init, 'SIGKILL')
    const looked = await run(data, 'testbed', 'status', ...where)
    expect(looked.code).toBe(1)
    expect(looked.err).toMatch(/Not every host of the testbed runs: jetson \[host_down\]/)
    const repaired = await run(data, ...made)
    expect(repaired.err).toMatch(/brought back: jetson/)
    expect(ssh(shown, 1, 'ls')).toBe('kept')

    const gone = await run(data, 'testbed', 'down', ...where)
    expect([gone.code, gone.out]).toEqual([0, `The testbed in ${directory} is gone.\n`])
    expect(existsSync(directory)).toBe(false)
    expect((await run(data, 'testbed', 'status', ...where)).err).toMatch(/\[not_found\]/)
    expect((await run(data, 'testbed', 'down', ...where)).out).toBe('There is no testbed.\n')
  })

  it.each([
    [['--prefix', 'a-b'], /cannot name a testbed/],
    [['--network', '10.0.0.0/8'], /no network for a testbed/],
    [['--network', '127.0.0.0/24'], /This machine uses 127\.0\.0\.1\/8 already, on lo/],
    [['--hosts', '0'], /whole number from 1 to 200/],
    [['--sudo', 'maybe'], /Allowed choices/],
  ])('refuses %j', async (wrong, message) => {
    const { code, err } = await run(temporaryFolder(), 'testbed', 'up', '--prefix', 'refused', ...wrong)
    expect(code).toBe(1)
    expect(err).toMatch(message)
  })
})

describe.skipIf(noServers)('skymemory testbed --loopback', () => {
  it('starts a server for each host, with a home of its own, and ends them', async () => {
    const data = temporaryFolder()
    onTestFinished(async () => void (await run(data, 'testbed', 'down')))
    const { code, out, err } = await run(data, 'testbed', 'up', '--loopback', '--hosts', '3', '--json')
    expect(code).toBe(0)
    expect(err).toMatch(/These hosts share one machine/)
    const shown = JSON.parse(out) as Shown
    expect(shown.hosts.map(({ name, state }) => [name, state])).toEqual([
      ['nuc1', 'running'],
      ['nuc2', 'running'],
      ['jetson', 'running'],
    ])
    expect(ssh(shown, 0, 'echo $HOME')).toBe(join(data, 'testbed', 'hosts', 'nuc1', 'home'))
    expect(ssh(shown, 2, 'echo $HOME')).toBe(join(data, 'testbed', 'hosts', 'jetson', 'home'))
    expect((await run(data, 'testbed', 'up', '--loopback')).err).toBe('It runs already.\n')
    expect((await run(data, 'testbed', 'status')).code).toBe(0)
    expect((await run(data, 'testbed', 'down')).out).toMatch(/is gone/)
    expect(existsSync(join(data, 'testbed'))).toBe(false)
    expect((await run(data, 'testbed', 'status')).code).toBe(1)
  })

  it('leaves files alone that are not its own', async () => {
    const data = temporaryFolder()
    const file = join(data, 'mine.txt')
    writeFileSync(file, 'mine')
    const { code, err } = await run(data, 'testbed', 'up', '--loopback', '--directory', data)
    expect([code, err]).toEqual([1, expect.stringMatching(/is not empty: it holds mine.txt/)])
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })
})
