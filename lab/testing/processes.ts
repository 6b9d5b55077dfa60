import { readdirSync, readFileSync } from 'node:fs'
import type { LabHosts } from '../hosts/lab-hosts'

export function pidOf(lab: LabHosts, hostId: string): number {
  const state = lab.hosts().find((host) => host.hostId === hostId)?.state
  if (state?.kind !== 'healthy') throw new Error(`${hostId} is not healthy`)
  return state.pid
}

/** False for a process that has ended, also while its parent has not asked for its exit code. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Processes whose command line holds this text. Linux only: elsewhere none are found. */
export function processesWith(text: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text) && isAlive(pid)
        )
      } catch {
        return false
      }
    })
}

/** Resolves when all of these have ended; the test's own time limit ends a wait in vain. */
export async function allEnded(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** Processes that this one has started, and theirs. Linux only: elsewhere none are found. */
export function descendantsOf(pid: number): number[] {
  if (process.platform !== 'linux') return []
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      // The name of the program stands in brackets and may hold anything: the parent is the second word behind it.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It has ended.
    }
  }
  const found: number[] = []
  for (let level = [pid]; level.length > 0;) {
    level = [...parents].filter(([, parent]) => level.includes(parent)).map(([child]) => child)
    found.push(...level)
  }
  return found
}

/** Kill a process, and wait until it has ended. */
export async function endProcess(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    return
  }
  await allEnded([pid])
}
