/** CPU time that a process has used since it began, s, and when it said so, Unix ms. */
export interface CpuReading {
  readonly at: number
  readonly cpuS: number
}

/** Cores that a process kept busy between two readings, on average; null where there is no time between them. */
export function cpuLoad(last: CpuReading | null, now: CpuReading): number | null {
  if (last === null || now.at <= last.at) return null
  return Math.max(0, (now.cpuS - last.cpuS) / ((now.at - last.at) / 1000))
}
