import { SkyError } from '#shared/contract/errors'
import { glibcProblem } from '#shared/gguf/model-fit'
import type { InventoryHost } from '#shared/inventory/inventory'
import type { HostFacts } from '../facts/host-facts'
import type { PackedLlama } from '../llama/llama-packages'
import { architectureOf, type RuntimeArchitecture } from '../runtimes/pinned-runtimes'

/** Whether the inventory wants a host to run real models. */
export function runsModels(host: InventoryHost): boolean {
  return host.role === 'inference' && host.models
}

/** Where a version folder's `llama` points to. */
export function llamaTarget({ name }: PackedLlama): string {
  return `../../llama/${name}`
}

/**
 * Of which architecture llama.cpp is to be for a host; null when the host is to run none, or is no Linux, which planning refuses.
 * @throws SkyError `not_supported` when its binaries do not start there
 */
export function llamaArchitecture(host: InventoryHost, facts: HostFacts): RuntimeArchitecture | null {
  if (!runsModels(host) || facts.kernel !== 'Linux') return null
  const architecture = architectureOf(facts.machine)
  if (architecture === null) {
    const found = facts.machine || 'unknown'
    throw unfit(host, `Its machine is ${found}; llama.cpp is there for x86_64 and aarch64.`, '')
  }
  const problem = glibcProblem(facts.glibc)
  if (problem) throw unfit(host, problem.message, `${problem.hint} `)
  return architecture
}

function unfit(host: InventoryHost, why: string, hint: string): SkyError {
  return new SkyError(
    'not_supported',
    `${host.name} cannot run models. ${why}`,
    `${hint}Or say "models: false" for this host, and use the engine synthetic.`,
    { host: host.name },
  )
}
