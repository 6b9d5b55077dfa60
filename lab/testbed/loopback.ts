import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SkyError } from '#shared/contract/errors'
import { makeKey, makeTestbedFolder } from './credentials'
import { answers } from './host-process'
import { inventoryText, testbedInventory } from './inventory'
import { loopbackMissing, sshdProgram } from './requirements'
import { mustRun, runProgram } from './run-program'
import { readState, writeState, type LoopbackState } from './state'
import { testbedFiles } from './tear-down'
import { hostNames, roleOf } from './testbed-plan'
import type { HostStatus } from './testbed'

/** A server that does not answer after this time does not come up, ms. */
const startLimitMs = 10_000
const loopback = '127.0.0.1'

type LoopbackHost = LoopbackState['hosts'][number]

const configOf = (directory: string, name: string): string => join(directory, 'hosts', name, 'sshd_config')

/**
 * Start OpenSSH servers on loopback ports, one a host, for who may not make namespaces. They are one machine: same user, files, processes
 * and network; only the variable HOME differs, so that what is installed below it lies apart.
 * @throws SkyError `not_supported`, `conflict`, `lab_start_failed`
 */
export async function createLoopback(directory: string, hosts: number): Promise<LoopbackState> {
  const missing = loopbackMissing()
  if (missing) throw missing
  const present = await readState(directory)
  if (present) {
    const message = `A testbed exists already in ${directory}`
    throw new SkyError('conflict', message, 'End it first: skymemory testbed down')
  }
  await makeTestbedFolder(directory)
  const { username } = userInfo()
  // sshd gives up its rights in this folder when root starts it.
  if (username === 'root') await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const started: LoopbackHost[] = []
  try {
    const { keyFile } = await makeKey(directory)
    const ports = await freePorts(2 * hosts)
    for (const [index, name] of hostNames(hosts).entries()) {
      const [port, dataPort] = [ports[2 * index] as number, ports[2 * index + 1] as number]
      const pid = await startServer(directory, name, port)
      started.push({ name, role: roleOf(index, hosts), address: loopback, port, dataPort, pid })
    }
    const inventoryFile = join(directory, 'inventory.yaml')
    const common = { directory, createdAt: Date.now(), user: username, keyFile, inventoryFile }
    const state: LoopbackState = { kind: 'loopback', ...common, hosts: started }
    await writeFile(inventoryFile, inventoryText(testbedInventory('testbed', username, keyFile, started)))
    await writeState(state)
    return state
  } catch (thrown) {
    for (const { pid } of started) await endTree(pid)
    await removeFiles(directory)
    throw thrown
  }
}

export async function loopbackStatus({ directory, hosts }: LoopbackState): Promise<HostStatus[]> {
  return Promise.all(
    hosts.map(async ({ name, address, port, pid }): Promise<HostStatus> => {
      const base = { name, address, port }
      if (!(await isServer(directory, name, pid))) return { ...base, state: 'off' }
      return { ...base, state: (await answers(address, port)) ? 'running' : 'no_ssh' }
    }),
  )
}

/** End the servers with their connections, and remove their files. What was started over SSH to stay goes on. */
export async function endLoopback({ directory, hosts }: LoopbackState): Promise<void> {
  for (const { name, pid } of hosts) {
    if (await isServer(directory, name, pid)) await endTree(pid)
  }
  await removeFiles(directory)
}

async function startServer(directory: string, name: string, port: number): Promise<number> {
  const folder = join(directory, 'hosts', name)
  const [home, hostKey, log] = ['home', 'ssh_host_ed25519_key', 'sshd.log'].map((each) =>
    join(folder, each),
  ) as [string, string, string]
  await mkdir(home, { recursive: true, mode: 0o700 })
  await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', hostKey])
  const config = configOf(directory, name)
  await writeFile(
    config,
    [
      `ListenAddress ${loopback}`,
      `Port ${port}`,
      `HostKey "${hostKey}"`,
      `AuthorizedKeysFile "${join(directory, 'key.pub')}"`,
      `SetEnv "HOME=${home}"`,
      'PidFile none',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'StrictModes no',
      'UseDNS no',
      'LogLevel VERBOSE',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  )
  const file = openSync(log, 'a')
  const server = spawn(sshdProgram, ['-D', '-e', '-f', config], {
    detached: true,
    stdio: ['ignore', file, file],
  })
  closeSync(file)
  const end: { why: string | null } = { why: null }
  server.once('error', (error) => (end.why = error.message))
  server.once('exit', (code, signal) => (end.why = signal ?? `exit code ${code}`))
  server.unref()
  const limit = Date.now() + startLimitMs
  while (!(await answers(loopback, port))) {
    if (end.why === null && Date.now() < limit) {
      await sleep(20)
      continue
    }
    const said = (await readFile(log, 'utf8').catch(() => '')).trim()
    const why = end.why === null ? 'does not answer' : `ended (${end.why})`
    throw new SkyError('lab_start_failed', `The SSH server of ${name} ${why}${said ? `: ${said}` : ''}`)
  }
  server.removeAllListeners()
  return server.pid as number
}

/** Numbers of processes are given again: it is the server only with its own configuration in its command line. */
async function isServer(directory: string, name: string, pid: number): Promise<boolean> {
  const { stdout } = await runProgram('ps', ['-ww', '-o', 'args=', '-p', `${pid}`])
  return stdout.includes(configOf(directory, name))
}

async function endTree(root: number): Promise<void> {
  const rows = (await mustRun('ps', ['-e', '-o', 'pid=,ppid='])).trim().split('\n')
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number])
  const found = [root]
  for (const each of found) found.push(...pairs.filter(([, parent]) => parent === each).map(([pid]) => pid))
  for (const pid of found) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function removeFiles(directory: string): Promise<void> {
  for (const name of testbedFiles) await rm(join(directory, name), { recursive: true, force: true })
  // Somebody may have put files of their own beside.
  await rmdir(directory).catch(() => undefined)
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, loopback, resolve))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}
