import { SkyError } from '#shared/contract/errors'
import type { InventoryHost, ServiceKind } from '#shared/inventory/inventory'
import type { HostFacts } from '../facts/host-facts'
import {
  architectureOf,
  isFittingHostNode,
  oldestGlibc,
  oldestHostNode,
  pinnedRuntime,
  runtimeName,
  type PinnedRuntime,
} from '../runtimes/pinned-runtimes'

/** The Node that runs an agent. */
export type RuntimeChoice =
  | { readonly kind: 'brought'; readonly pin: PinnedRuntime; readonly why: string }
  | { readonly kind: 'host'; readonly path: string; readonly version: string }

/** Where a version folder's `node` points to. */
export function nodeTarget(choice: RuntimeChoice): string {
  return choice.kind === 'host' ? choice.path : `../../runtimes/${runtimeName(choice.pin)}/bin/node`
}

export function nodeVersionOf(choice: RuntimeChoice): string {
  return choice.kind === 'host' ? choice.version.replace(/^v/, '') : choice.pin.version
}

/** @throws SkyError `not_supported` when no runtime fits the machine */
export function chooseRuntime(
  host: InventoryHost,
  service: ServiceKind,
  facts: HostFacts,
  pins: readonly PinnedRuntime[],
): RuntimeChoice {
  const unfit = host.host_node ? whyNotHostNode(service, facts) : ''
  if (unfit === null && facts.node) return { kind: 'host', ...facts.node }
  const architecture = architectureOf(facts.machine)
  if (architecture === null) {
    throw unsupported(
      host,
      `its machine is ${facts.machine || 'unknown'}; runtimes are there for x86_64 and aarch64`,
    )
  }
  if (facts.glibc === null || isOlder(facts.glibc, oldestGlibc)) {
    const found = facts.glibc === null ? 'another C library' : `glibc ${facts.glibc}`
    throw unsupported(host, `it has ${found}; the runtime needs glibc ${oldestGlibc} or newer`)
  }
  return { kind: 'brought', pin: pinnedRuntime(architecture, pins), why: unfit ?? '' }
}

/** Null when the host's own Node will do. */
function whyNotHostNode(service: ServiceKind, { node }: HostFacts): string | null {
  const oldest = `${oldestHostNode.major}.${oldestHostNode.minor}`
  if (!node) return 'the host has no Node of its own'
  if (!isFittingHostNode(node.version)) return `the host's Node ${node.version} is older than ${oldest}`
  // The unit's user may not look into anybody's home.
  if (service === 'system' && /^\/(home|root)\//.test(node.path))
    return `the host's Node is in a home: ${node.path}`
  return null
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number)
  return major < thanMajor || (major === thanMajor && minor < thanMinor)
}

function unsupported(host: InventoryHost, why: string): SkyError {
  return new SkyError(
    'not_supported',
    `No Node runtime fits ${host.name}: ${why}`,
    `Install Node ${oldestHostNode.major}.${oldestHostNode.minor} or newer there, and say "host_node: true" for this host.`,
    { host: host.name },
  )
}
