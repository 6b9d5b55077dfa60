import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import type { Testbed } from '../../testbed/testbed'

const groups = '/sys/fs/cgroup/memory'

/** Why no process can be starved of memory here; null when one can. */
export const starvingMissing: string | null = existsSync(join(groups, 'memory.limit_in_bytes'))
  ? null
  : 'skipped: this machine has no memory controller of cgroups version 1'

/**
 * Let a process of a host have so many bytes more than it has now. The kernel kills it at the next ones, as at the limit of a
 * unit: hosts of a testbed have systemd without the controller that would enforce `MemoryMax`.
 * @returns the kernel's count of processes that it has killed for it, and takes the limit away once there is one
 */
export async function starve(
  testbed: Testbed,
  host: string,
  program: string,
  bytes: number,
): Promise<() => Promise<number>> {
  const pid = pidHere(testbed, host, program)
  const folder = join(groups, `skymemory-test-${pid}`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'memory.limit_in_bytes'), String(bytes))
  writeFileSync(join(folder, 'cgroup.procs'), String(pid))
  return async () => {
    const said = readFileSync(join(folder, 'memory.oom_control'), 'utf8')
    // Its memory is given back a moment after its end.
    for (let tries = 50; readFileSync(join(folder, 'cgroup.procs'), 'utf8') !== '' && tries > 0; tries--) {
      await sleep(100)
    }
    rmdirSync(folder)
    return Number(/^oom_kill (\d+)$/m.exec(said)?.[1] ?? NaN)
  }
}

/** The process of a host that runs this program, as this machine numbers it. */
function pidHere(testbed: Testbed, host: string, program: string): number {
  const spaceOf = (pid: number | string): string => readlinkSync(`/proc/${pid}/ns/pid`)
  const space = spaceOf(testbed.pidOf(host))
  const found = readdirSync('/proc').find((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        spaceOf(pid) === space &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1]?.endsWith(program)
      )
    } catch {
      // It has ended meanwhile.
      return false
    }
  })
  if (found === undefined) throw new Error(`no process of ${host} runs ${program}`)
  return Number(found)
}
