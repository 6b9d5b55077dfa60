import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { inventory } from '#shared/inventory/inventory'
import { isAlive } from '../testing/processes'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { writeState } from './state'
import { createTestbed, findTestbed, type Testbed } from './testbed'

const missing = noTestbed()
if (missing) console.warn(`Tests of the testbed are skipped: ${missing}`)

/** Log in with the testbed's key, and run a command. */
function ssh(testbed: Testbed, host: string, command: string, ...options: string[]): string {
  return execFileSync('ssh', [...sshArguments(testbed, host), ...options, command], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
}

function sshArguments(testbed: Testbed, host: string): string[] {
  const { keyFile, user } = testbed.state
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes']
  return [...options.flatMap((each) => ['-o', each]), '-i', keyFile, `${user}@${testbed.host(host).address}`]
}

/** Everything of a testbed that a machine can have. */
function traces(prefix: string, directory: string): string[] {
  const run = (...args: string[]): string => spawnSync('ip', args, { encoding: 'utf8' }).stdout
  const groups = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].map((at) => `${at}/skymemory-testbed-${prefix}`)
  return [
    ...run('netns', 'list')
      .split('\n')
      .filter((line) => line.startsWith(`${prefix}-`)),
    ...run('link', 'show')
      .split('\n')
      .filter((line) => line.includes(`${prefix}-`)),
    ...readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(directory)),
    ...groups.filter((folder) => existsSync(folder)),
    ...(existsSync(directory) ? [directory] : []),
    ...(existsSync('/run/skymemory-testbed') ? readdirSync('/run/skymemory-testbed') : []).filter((name) =>
      readFileSync(`/run/skymemory-testbed/${name}`, 'utf8').includes(prefix),
    ),
  ]
}

describe.skipIf(missing)('a testbed', () => {
  let testbed: Testbed
  beforeAll(async () => {
    testbed = await testbedForTest({
      hosts: 3,
      only: {
        nuc2: { diskMegabytes: 32, sudo: 'password', hide: ['/usr/bin/timedatectl'] },
        jetson: {
          readOnlyHome: true,
          sudo: 'none',
          sshd: ['AllowTcpForwarding no', 'PasswordAuthentication no'],
        },
      },
    })
  })
  afterAll(() => testbed?.down())

  it('has hosts with a kernel view, a name, files and users of their own', () => {
    expect(ssh(testbed, 'nuc1', 'hostname; id -un; pwd')).toBe('nuc1\nlab\n/home/lab')
    expect(ssh(testbed, 'jetson', 'hostname')).toBe('jetson')
    // Processes of the machine are not seen.
    expect(Number(ssh(testbed, 'nuc1', 'ps -e | wc -l'))).toBeLessThan(15)
    expect(ssh(testbed, 'nuc1', 'ls -A / /home /opt /var/lib').replaceAll('\n', ' ')).not.toMatch(
      /work|builder/,
    )
    expect(ssh(testbed, 'nuc1', 'touch /usr/x 2>&1 || touch /usr/local/x 2>&1 || echo refused')).toBe(
      "touch: cannot touch '/usr/x': Read-only file system\ntouch: cannot touch '/usr/local/x': Permission denied\nrefused",
    )
    ssh(testbed, 'nuc1', 'echo one > ~/file; echo one > /tmp/file; echo one > /var/tmp/file')
    expect(ssh(testbed, 'nuc2', 'cat ~/file /tmp/file /var/tmp/file 2>/dev/null || echo none')).toBe('none')
    expect(existsSync(testbed.fileOf('nuc1', '/home/lab/file'))).toBe(true)
    expect(ssh(testbed, 'nuc1', 'grep -c : /etc/passwd; getent passwd lab')).toMatch(
      /^\d+\nlab:x:1000:1000::\/home\/lab:\/bin\/bash$/,
    )
  })

  it('has hosts that know and reach each other by name', () => {
    const address = testbed.host('jetson').address
    expect(ssh(testbed, 'nuc1', 'getent hosts jetson')).toMatch(
      new RegExp(`^${address.replaceAll('.', '\\.')}\\s+jetson$`),
    )
    expect(ssh(testbed, 'nuc1', 'bash -c "exec 3<>/dev/tcp/jetson/22; read line <&3; echo \\$line"')).toMatch(
      /^SSH-2.0/,
    )
  })

  it('lets the user in by password and by what the server asks, where that was asked for', () => {
    const askpass = join(testbed.state.directory, '..', `${testbed.state.plan.prefix}-askpass`)
    writeFileSync(askpass, `#!/bin/sh\necho '${testbed.state.password}'\n`, { mode: 0o700 })
    const by = (host: string, method: string): string => {
      const options = [
        'StrictHostKeyChecking=no',
        'UserKnownHostsFile=/dev/null',
        `PreferredAuthentications=${method}`,
      ]
      const target = `lab@${testbed.host(host).address}`
      const { status, stdout } = spawnSync(
        'ssh',
        [...options.flatMap((each) => ['-o', each]), target, 'hostname'],
        {
          encoding: 'utf8',
          env: { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
        },
      )
      return status === 0 ? stdout.trim() : 'refused'
    }
    try {
      expect(by('nuc1', 'password')).toBe('nuc1')
      expect(by('nuc1', 'keyboard-interactive')).toBe('nuc1')
      expect(by('jetson', 'password')).toBe('refused')
    } finally {
      rmSync(askpass)
    }
  })

  it('gives each host the sudo that was asked for', async () => {
    expect(ssh(testbed, 'nuc1', 'sudo -n id -un')).toBe('root')
    const { password } = testbed.state
    const asked = await testbed.exec('nuc2', ['sudo', '-S', '-k', '-p', '', 'id', '-un'], {
      user: 'lab',
      stdin: `${password}\n`,
    })
    expect(asked.stdout.trim()).toBe('root')
    expect(ssh(testbed, 'nuc2', 'sudo -n id 2>&1 || true')).toMatch(/password is required/)
    const refused = await testbed.exec('jetson', ['sudo', '-S', '-k', '-p', '', 'id'], {
      user: 'lab',
      stdin: `${password}\n`,
    })
    expect(refused.code).not.toBe(0)
  })

  it('has the files that were asked for: a small disk, a read-only home, no such program', async () => {
    expect(ssh(testbed, 'jetson', 'touch ~/x 2>&1 || true')).toMatch(/Read-only file system/)
    expect(ssh(testbed, 'nuc2', 'command -v timedatectl || echo none')).toBe('none')
    await testbed.fillDisk('nuc2')
    expect(ssh(testbed, 'nuc2', '{ echo much > ~/x; } 2>&1 || true')).toMatch(/No space left on device/)
    expect(ssh(testbed, 'nuc2', 'df --output=avail / | tail -1')).toBe('0')
    await testbed.clearDisk('nuc2')
    expect(ssh(testbed, 'nuc2', 'echo much > ~/y && cat ~/y')).toBe('much')
    await expect(testbed.fillDisk('nuc1')).rejects.toMatchObject({ code: 'invalid_argument' })
  })

  it('keeps its secrets for its owner, and writes an inventory that names none', () => {
    const { directory, keyFile, inventoryFile, password } = testbed.state
    for (const file of [keyFile, `${directory}/state.json`]) expect(statSync(file).mode & 0o777).toBe(0o600)
    const text = readFileSync(inventoryFile, 'utf8')
    expect(text).not.toContain(password)
    const hosts = inventory.parse(parse(text)).hosts
    expect(hosts.map(({ name, role, address }) => [name, role, address])).toEqual(
      testbed.hosts.map(({ name, role, address }) => [name, role, address]),
    )
    // Nothing of the machine's secrets is in a host.
    expect(readFileSync(testbed.fileOf('nuc1', '/etc/shadow'), 'utf8').match(/^[^:]+:(?!\*:)/gm)).toEqual([
      'lab:',
    ])
  })

  it('pulls and plugs cables: what is sent meanwhile is lost', async () => {
    await testbed.cutLink('nuc1')
    expect((await testbed.status()).map(({ state }) => state)).toEqual(['cut', 'running', 'running'])
    const socket = createConnection({ host: testbed.host('nuc1').address, port: 22 })
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.setTimeout(500, () => resolve(false))
    })
    socket.destroy()
    expect(connected).toBe(false)
    await testbed.restoreLink('nuc1')
    expect(ssh(testbed, 'nuc1', 'hostname')).toBe('nuc1')
  })

  it('stops and starts SSH servers, and drops connections', async () => {
    const session = spawn('ssh', [...sshArguments(testbed, 'nuc1'), 'echo in; sleep 1000'])
    await new Promise((resolve) => session.stdout.once('data', resolve))
    const ended = new Promise((resolve) => session.once('exit', resolve))
    await testbed.dropConnections('nuc1')
    expect(await ended).not.toBe(0)
    expect(ssh(testbed, 'nuc1', 'hostname')).toBe('nuc1')
    await testbed.stopSshd('nuc1')
    expect((await testbed.status())[0]?.state).toBe('no_ssh')
    await testbed.startSshd('nuc1')
    expect(ssh(testbed, 'nuc1', 'hostname')).toBe('nuc1')
  })

  it('kills and reboots hosts: processes end, files stay, /tmp is empty', async () => {
    ssh(testbed, 'nuc1', 'echo kept > ~/kept; echo lost > /tmp/lost; setsid sleep 98765 > /dev/null 2>&1 &')
    const before = testbed.pidOf('nuc1')
    await testbed.kill('nuc1')
    expect(isAlive(before)).toBe(false)
    expect((await testbed.status())[0]?.state).toBe('off')
    await expect(testbed.exec('nuc1', ['true'])).rejects.toMatchObject({ code: 'host_down' })
    await testbed.boot('nuc1')
    expect(ssh(testbed, 'nuc1', 'cat ~/kept; ls /tmp; pgrep -f 98765 | grep -v $$ || true')).toBe('kept')
    await testbed.reboot('nuc1')
    expect(ssh(testbed, 'nuc1', 'cat ~/kept')).toBe('kept')
    expect((await testbed.status()).map(({ state }) => state)).toEqual(['running', 'running', 'running'])
  })

  it('leaves no zombies of processes whose parents are gone', async () => {
    ssh(testbed, 'nuc1', '(sleep 0.05 &) ; sleep 0.2')
    const { stdout } = await testbed.exec('nuc1', ['ps', '-e', '-o', 'stat='])
    expect(stdout).not.toMatch(/^Z/m)
  })

  it('is found again by its prefix, and not made twice', async () => {
    const { prefix } = testbed.state.plan
    const found = await findTestbed(prefix)
    expect(found?.state).toEqual(testbed.state)
    await expect(createTestbed({ prefix })).rejects.toMatchObject({ code: 'conflict' })
    await expect(
      createTestbed({ prefix: `${prefix.slice(0, 6)}x`, network: testbed.state.plan.network }),
    ).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/already/) as string,
    })
  })
})

describe.skipIf(missing)('the end of a testbed', () => {
  it('leaves nothing, also of small disks and busy hosts', async () => {
    const testbed = await testbedForTest({ host: { diskMegabytes: 16 } })
    const { prefix } = testbed.state.plan
    ssh(testbed, 'nuc1', 'setsid sleep 1000 > /dev/null 2>&1 & sudo mount -t tmpfs tmpfs /mnt')
    await testbed.kill('jetson')
    expect(traces(prefix, testbed.state.directory).length).toBeGreaterThan(5)
    await testbed.down()
    expect(traces(prefix, testbed.state.directory)).toEqual([])
  })

  it('comes by itself when the process that made it is killed', async () => {
    const built = await build({
      stdin: {
        contents: `import { testbedForTest } from './lab/testing/testbed'
          testbedForTest().then((testbed) => console.log(JSON.stringify(testbed.state)))
          setInterval(() => undefined, 1000)`,
        resolveDir: process.cwd(),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      write: false,
    })
    const child = spawn(process.execPath, ['-'], { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdin.end(built.outputFiles[0]?.text)
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (text) => resolve(String(text))),
    )
    const { plan, directory } = JSON.parse(line) as Testbed['state']
    expect(traces(plan.prefix, directory).length).toBeGreaterThan(4)
    child.kill('SIGKILL')
    while (traces(plan.prefix, directory).length > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  })

  it('takes away what a broken attempt left', async () => {
    const first = await testbedForTest()
    const { prefix, network } = first.state.plan
    const { directory } = first.state
    await writeState({ ...first.state, complete: false })
    const second = await createTestbed({ prefix, network, directory, hosts: 1, endWithProcess: true })
    expect(second.hosts.map(({ name }) => name)).toEqual(['nuc1'])
    expect(ssh(second, 'nuc1', 'hostname')).toBe('nuc1')
    await second.down()
    expect(traces(prefix, directory)).toEqual([])
  })

  it('leaves foreign files alone', async () => {
    await expect(testbedForTest({ directory: '/etc/ssh' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/^\/etc\/ssh is not empty/) as string,
    })
    expect(existsSync('/etc/ssh/sshd_config')).toBe(true)
  })

  it('says when a network is used already', async () => {
    await expect(testbedForTest({ network: '127.0.0.0/24' })).rejects.toMatchObject({ code: 'conflict' })
  })
})
