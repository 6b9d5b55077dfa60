import { readFileSync } from 'node:fs'

/** Resident memory of a process, bytes: now, or the most that it ever had (Linux). */
export function residentBytes(pid: number, when: 'now' | 'most'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const line = when === 'now' ? /^VmRSS:\s+(\d+) kB$/m : /^VmHWM:\s+(\d+) kB$/m
  const kilobytes = Number(line.exec(status)?.[1])
  if (Number.isNaN(kilobytes)) throw new Error(`process ${pid} has no memory: it has ended`)
  return kilobytes * 1024
}
