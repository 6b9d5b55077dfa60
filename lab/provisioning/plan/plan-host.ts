import { SkyError } from '#shared/contract/errors'
import type { InventoryHost, ServiceKind } from '#shared/inventory/inventory'
import type { AgentAnswer, HostFacts, PlaceFacts } from '../facts/host-facts'
import { hostLayout, longestSocketPath, type HostLayout, type Installation } from '../host-layout'
import { unitText } from '../services/units'
import type { HostDeployment, Wanted } from './deployment'
import type { PackedLlama } from '../llama/llama-packages'
import { llamaTarget, runsModels } from './model-choice'
import { chooseRuntime, nodeTarget, nodeVersionOf } from './runtime-choice'
import { chooseService, presentServices } from './service-choice'
import { deploymentSteps } from './steps'
import { agentConfigOf, versionName, type VersionContent } from './version-content'

/**
 * @param llama what runs models, for a host that is to run them
 * @throws SkyError `not_supported`, `conflict`, `invalid_argument`, `host_not_writable`, `host_disk_full`: why there can be no plan
 */
export function planHost(
  host: InventoryHost,
  facts: HostFacts,
  answer: AgentAnswer,
  wanted: Wanted,
  llama: PackedLlama | null = null,
): HostDeployment {
  requireLinux(host, facts)
  const service = chooseService(host, facts)
  const layout = hostLayout(service, wanted.lab, facts.home)
  const place = service === 'system' ? facts.system : facts.own
  requirePlace(host, service, layout, place, wanted)
  const runtime = chooseRuntime(host, service, facts, wanted.pins)
  const content: VersionContent = {
    agentVersion: wanted.agent.version,
    agentSha256: wanted.agent.sha256,
    node: nodeTarget(runtime),
    nodeVersion: nodeVersionOf(runtime),
    config: `${JSON.stringify(agentConfigOf(host, layout), null, 2)}\n`,
    unit: unitText(service, { lab: wanted.lab, host: host.name, layout, runsModels: runsModels(host) }),
    models: modelsOf(host, llama, wanted),
  }
  const version = versionName(content)
  const installed = typeof place.installation === 'object' ? place.installation : null
  const deployment = {
    host,
    facts,
    service,
    layout,
    place,
    runtime,
    llama,
    version,
    content,
    installed,
    previousVersion: previousOf(version, installed, place),
    agentFrom: versionWith(content, place),
    replaced: presentServices(facts).filter((kind) => kind !== service),
  }
  const { steps, renewal, bytesNeeded } = deploymentSteps(deployment, answer, wanted)
  requireSpace(host, layout, place, bytesNeeded)
  return { ...deployment, steps, renewal }
}

/** @throws SkyError `internal` when what runs models was not brought along */
function modelsOf(
  host: InventoryHost,
  llama: PackedLlama | null,
  { model }: Wanted,
): VersionContent['models'] {
  if (!runsModels(host)) return null
  if (llama === null || model === null) {
    throw new SkyError('internal', `what runs models on ${host.name} is missing`)
  }
  return { sha256: model.sha256, llama: llamaTarget(llama) }
}

function versionWith({ agentSha256, models }: VersionContent, { versions }: PlaceFacts): string | null {
  const found = [...versions].find(
    ([, version]) =>
      version.agentSha256 === agentSha256 && (models === null || version.modelSha256 === models.sha256),
  )
  return found?.[0] ?? null
}

/** What was well before this version: what install.json says, not what \`current\` points to, which may have been left by a failure. */
function previousOf(version: string, installed: Installation | null, place: PlaceFacts): string | null {
  if (!installed) return null
  const previous = installed.version === version ? installed.previousVersion : installed.version
  return previous !== null && place.versions.has(previous) ? previous : null
}

function requireLinux(host: InventoryHost, { kernel, missingTools }: HostFacts): void {
  if (kernel !== 'Linux') {
    throw new SkyError(
      'not_supported',
      `${host.name} runs ${kernel || 'an unknown system'}: agents run on Linux`,
    )
  }
  if (missingTools.length > 0) {
    throw new SkyError(
      'not_supported',
      `${host.name} lacks ${missingTools.join(', ')}`,
      'On Debian and Ubuntu: apt-get install coreutils findutils tar gzip util-linux',
      { host: host.name },
    )
  }
}

function requirePlace(
  host: InventoryHost,
  service: ServiceKind,
  layout: HostLayout,
  place: PlaceFacts,
  wanted: Wanted,
): void {
  const other = typeof place.installation === 'object' ? place.installation?.host : undefined
  if (other !== undefined && other !== host.name && wanted.hosts.includes(other)) {
    throw new SkyError(
      'conflict',
      `${host.name} and ${other} are the same machine and user: ${layout.directory} is that of ${other}`,
      'Give each host of a lab a machine of its own, or at least a user.',
      { host: host.name },
    )
  }
  if (layout.directory.includes('\\')) {
    throw new SkyError(
      'invalid_argument',
      `Node cannot run programs from a folder with a backslash in its path, such as ${layout.directory} on ${host.name}`,
      'Use a user with another home, or "service: system".',
      { host: host.name },
    )
  }
  const bytes = Buffer.byteLength(layout.controlSocket)
  if (bytes > longestSocketPath) {
    throw new SkyError(
      'invalid_argument',
      `The path of the control socket on ${host.name} has ${bytes} bytes, and Linux takes ${longestSocketPath}: ${layout.controlSocket}`,
      'Use a user with a shorter home, a shorter name of the lab, or "service: system".',
      { host: host.name },
    )
  }
  if (service !== 'system' && !place.isWritable) {
    throw new SkyError(
      'host_not_writable',
      `${layout.directory} on ${host.name} cannot be written by ${host.user}`,
      'Make the home writable, or use "service: system" with a user who may use sudo.',
      { host: host.name },
    )
  }
}

/** What else a host may need while files are moved about, bytes. */
const spareBytes = 16 * 1024 * 1024

function requireSpace(
  host: InventoryHost,
  layout: HostLayout,
  { freeBytes }: PlaceFacts,
  needed: number,
): void {
  if (needed === 0 || freeBytes === null || freeBytes >= needed + spareBytes) return
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
  throw new SkyError(
    'host_disk_full',
    `${host.name} has ${megabytes(freeBytes)} MB left for ${layout.directory}, and ${megabytes(needed + spareBytes)} MB are needed`,
    'Free some space there.',
    { host: host.name },
  )
}
