import { readdirSync, readFileSync } from 'node:fs'

/** Ids of the processes that this one has started and that still run (Linux). */
export function childProcesses(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number)
}

function parentOf(pid: string): number | null {
  try {
    // The name, in brackets, may hold anything; the state and the parent's id follow.
    const [, , parent] =
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .split(/\) (?=[A-Z] )/)
        .pop()
        ?.match(/^(\S) (\d+)/) ?? []
    return parent === undefined ? null : Number(parent)
  } catch {
    return null // It has ended meanwhile.
  }
}
