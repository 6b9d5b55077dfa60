import {
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SkyError } from '#shared/contract/errors'

/** Attempts to put a file in the place of a stale one while others try the same. */
const attempts = 5

/**
 * Claims a pid file for this process. It appears whole or not at all, and never in the place of that of a living supervisor.
 * @returns what removes it again
 * @throws SkyError `conflict` with the pid of the supervisor that holds it
 */
export function claimPidFile(path: string): () => void {
  const own = `${path}.${process.pid}`
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(own, `${process.pid}\n`, { mode: 0o644 })
  try {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      if (linked(own, path)) return () => releasePidFile(path)
      const holder = supervisorOf(path)
      if (holder !== null) {
        throw new SkyError(
          'conflict',
          `the supervisor with process id ${holder} runs already (${path})`,
          '',
          {
            pid: holder,
          },
        )
      }
      moveStaleAway(path)
    }
    throw new SkyError('conflict', `other supervisors are starting with ${path}`)
  } finally {
    rmSync(own, { force: true })
  }
}

/** Process id of the living supervisor that holds this pid file, or null. */
export function supervisorOf(path: string): number | null {
  const pid = pidIn(path)
  return pid !== null && isSupervisor(pid, path) ? pid : null
}

function releasePidFile(path: string): void {
  if (pidIn(path) === process.pid) rmSync(path, { force: true })
}

/** A link, unlike a rename, fails when the name is taken. */
function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw thrown
  }
}

/** Another one may have replaced it in the meantime: its file goes back. */
function moveStaleAway(path: string): void {
  const aside = `${path}.${process.pid}.stale`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  const pid = pidIn(aside)
  if (pid !== null && isSupervisor(pid, path)) linked(aside, path)
  unlinkSync(aside)
}

function pidIn(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim())
    return Number.isInteger(pid) && pid > 0 ? pid : null
  } catch {
    return null
  }
}

/**
 * Whether this process lives and supervises with this pid file. After a reboot another program may have got its number: the kernel
 * says which program it is, where it says so at all.
 */
function isSupervisor(pid: number, path: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (process.platform !== 'linux') return true
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (!words.includes('supervise')) return false
    if (words.includes(path)) return true
    const directory = readlinkSync(`/proc/${pid}/cwd`)
    return words.some((word) => resolve(directory, word) === path)
  } catch {
    return false
  }
}
