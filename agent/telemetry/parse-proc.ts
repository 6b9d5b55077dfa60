import type { CpuTimes, InterfaceBytes } from './reading'

/**
 * The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal (proc(5)). Time that a hypervisor gave to
 * others counts as busy: it was not to be had. What guests used is part of `user` already.
 */
export function parseCpuTimes(text: string): CpuTimes | null {
  const line = /^cpu +(.+)$/m.exec(text)?.[1]
  const times = line?.trim().split(/\s+/).slice(0, 8).map(Number) ?? []
  if (times.length < 4 || times.some((time) => !Number.isFinite(time))) return null
  const total = times.reduce((sum, time) => sum + time, 0)
  return { total, busy: total - (times[3] ?? 0) - (times[4] ?? 0) }
}

/** /proc/meminfo: all that programs cannot have any more, so without caches that the kernel would give up. */
export function parseMemoryUsed(text: string): number | null {
  const kib = (name: string): number | null => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
    return found === undefined ? null : Number(found)
  }
  const total = kib('MemTotal')
  const available = kib('MemAvailable')
  return total === null || available === null ? null : (total - available) * 1024
}

/** /proc/net/dev: name, then 8 numbers of what was received and 8 of what was sent, bytes first. */
export function parseInterfaces(text: string): Map<string, InterfaceBytes> {
  const interfaces = new Map<string, InterfaceBytes>()
  for (const line of text.split('\n')) {
    const [name, rest] = line.split(':')
    const numbers = rest?.trim().split(/\s+/).map(Number) ?? []
    if (name === undefined || numbers.length < 16 || numbers.some((value) => !Number.isFinite(value)))
      continue
    interfaces.set(name.trim(), { received: numbers[0] as number, sent: numbers[8] as number })
  }
  return interfaces
}

/**
 * The interfaces that count: the hardware, where there is any. Bridges and tunnels pass on what a card has counted already.
 * In a container there is no hardware, but one end of a cable: then all but loopback.
 */
export function countedInterfaces(
  all: ReadonlyMap<string, InterfaceBytes>,
  hardware: ReadonlySet<string>,
): Map<string, InterfaceBytes> {
  const cards = [...all].filter(([name]) => hardware.has(name))
  return new Map(cards.length > 0 ? cards : [...all].filter(([name]) => name !== 'lo'))
}
