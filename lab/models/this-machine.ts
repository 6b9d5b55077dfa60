import { availableParallelism } from 'node:os'
import { glibcProblem, type ModelProblem } from '#shared/gguf/model-fit'

/** What of this machine decides which models it can run. */
export interface MachineForModels {
  /** Memory that a process may still take, limits of containers included, bytes. */
  readonly freeMemoryBytes: number
  readonly threads: number
  /** Why no model can be run here at all. */
  readonly problem: ModelProblem | null
}

export function thisMachine(): MachineForModels {
  return {
    freeMemoryBytes: process.availableMemory(),
    threads: availableParallelism(),
    problem: process.platform === 'linux' ? glibcProblem(glibcVersion()) : otherSystem(process.platform),
  }
}

/** The C library that this process runs with; null when it is another one than glibc. */
function glibcVersion(): string | null {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: unknown } } | undefined
  const version = report?.header?.glibcVersionRuntime
  return typeof version === 'string' ? version : null
}

function otherSystem(platform: string): ModelProblem {
  return {
    kind: 'system_library',
    severity: 'error',
    message: 'Models are run on Linux only (x64 and arm64).',
    found: platform,
    hint: 'Send the model to a host of a lab: skymemory model add FILE --lab LAB',
  }
}
