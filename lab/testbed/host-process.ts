import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SkyError } from '#shared/contract/errors'
import { hostInit } from './host-init'
import { hostFolder } from './host-root'
import { cgroup2Folder } from './requirements'
import { mustRun } from './run-program'
import type { PlannedHost, TestbedPlan } from './testbed-plan'

/** A host that does not answer after this time does not come up, ms; one with systemd takes about 2 s. */
const startLimitMs = 30_000
const lookEveryMs = 20
/** Time for the processes of a host to end, ms. */
const endLimitMs = 10_000

/** The cgroup of a host with systemd, below where cgroup2 is mounted. */
const groupOf = (plan: TestbedPlan, host: PlannedHost): string => {
  const groups = cgroup2Folder()
  if (groups === null) throw new SkyError('not_supported', 'No cgroup2 file system is mounted here')
  return join(groups, `skymemory-testbed-${plan.prefix}`, host.name)
}

/** Start the first process of a host, and wait until its SSH server answers. @throws SkyError `lab_start_failed` */
export async function bootHost(plan: TestbedPlan, host: PlannedHost): Promise<void> {
  const folder = hostFolder(plan.directory, host.name)
  const { readOnlyHome, systemd, hide, sudo } = host.options
  const hidden = sudo === 'missing' ? [...hide, '/usr/bin/sudo'] : hide
  await rm(join(folder, 'init.pid'), { force: true })
  const command = [
    ...['ip', 'netns', 'exec', host.space],
    ...['unshare', '--mount', '--pid', '--uts', '--ipc', '--cgroup', '--fork', '--kill-child'],
    ...['sh', '-c', hostInit, `testbed-${host.name}`, folder, host.name],
    ...[readOnlyHome ? 'read-only' : 'writable', systemd ? 'systemd' : 'plain', ...hidden],
  ]
  // The new cgroup namespace begins where its first process is.
  const [program, ...args] = systemd
    ? [
        'sh',
        '-c',
        'mkdir -p "$1" && echo 0 > "$1/cgroup.procs" && shift && exec "$@"',
        'sh',
        groupOf(plan, host),
        ...command,
      ]
    : command
  const console = join(folder, 'console.log')
  const log = openSync(console, 'a')
  const child = spawn(program as string, args, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const end: { why: string | null } = { why: null }
  child.once('error', (error) => (end.why = error.message))
  child.once('exit', (code, signal) => (end.why = signal ?? `exit code ${code}`))
  child.unref()
  const limit = Date.now() + startLimitMs
  while (!(await answers(host.address))) {
    if (end.why === null && Date.now() < limit) {
      await sleep(lookEveryMs)
      continue
    }
    const said = (await readFile(console, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join(' | ')
    const why = end.why === null ? `does not answer after ${startLimitMs / 1000} s` : `ended (${end.why})`
    throw new SkyError(
      'lab_start_failed',
      `The host ${host.name} ${why}${said ? `: ${said}` : ''}`,
      `See ${console}.`,
    )
  }
  child.removeAllListeners()
}

/** True when an SSH server greets there. */
export function answers(address: string, port = 22): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port, timeout: 1_000 })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', (bytes) => end(bytes.toString('latin1').startsWith('SSH-')))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
    socket.once('close', () => end(false))
  })
}

/** The first process of a host as this machine numbers it, or null when the host is off. */
export function initPid(plan: TestbedPlan, host: PlannedHost): number | null {
  try {
    const pid = Number(readFileSync(join(hostFolder(plan.directory, host.name), 'init.pid'), 'utf8'))
    // Numbers are given again: it is the host's only while it lives in the host's network namespace.
    const own = statSync(`/proc/${pid}/ns/net`).ino
    return own === statSync(`/run/netns/${host.space}`).ino ? pid : null
  } catch {
    return null
  }
}

/** End everything that runs on a host at once, as a power cut does. */
export async function endHost(host: PlannedHost): Promise<void> {
  const limit = Date.now() + endLimitMs
  for (;;) {
    const pids = (await mustRun('ip', ['netns', 'pids', host.space])).split('\n').filter(Boolean).map(Number)
    if (pids.length === 0) return
    if (Date.now() > limit)
      throw new SkyError('timeout', `Processes of ${host.name} do not end: ${pids.join(', ')}`)
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    }
    await sleep(lookEveryMs)
  }
}

/** How to run a program on a host, as root or as another user of it. */
export function inHost(pid: number, user: string, argv: readonly string[]): [string, string[]] {
  const home = user === 'root' ? '/root' : `/home/${user}`
  const enter = [
    '--target',
    `${pid}`,
    '--mount',
    '--uts',
    '--ipc',
    '--net',
    '--pid',
    '--cgroup',
    '--root',
    `--wd=/`,
  ]
  const who = user === 'root' ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups']
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const environment = ['env', '-i', `HOME=${home}`, `USER=${user}`, `PATH=${path}`, 'LANG=C.UTF-8']
  return ['nsenter', [...enter, ...environment, ...who, ...argv]]
}
