import { arch, cpus, hostname, release, totalmem, type } from 'node:os'
import type { z } from 'zod'
import type { hardware } from '#shared/contract/agent-control'

/** What this host is, for the run's manifest. */
export function describeHardware(): z.infer<typeof hardware> {
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    architecture: arch(),
    hostname: hostname(),
  }
}
