import { SkyError } from '#shared/contract/errors'
import { serviceKinds, type InventoryHost, type ServiceKind } from '#shared/inventory/inventory'
import type { HostFacts } from '../facts/host-facts'

/** Members may use sudo with their password on Debian and Ubuntu, and on others. */
const administrators = ['sudo', 'wheel', 'admin']

/** Which services a host has of this lab, in whatever state. */
export function presentServices({ system, own, units }: HostFacts): ServiceKind[] {
  const isDetached =
    own.supervisor !== null ||
    (typeof own.installation === 'object' && own.installation?.service === 'detached')
  return serviceKinds.filter((kind) => {
    switch (kind) {
      case 'system':
        return system.exists || units.system !== null
      case 'user':
        return units.user !== null
      case 'detached':
        return isDetached
    }
  })
}

/** Why a host cannot keep an agent running in this way, or null. */
export function whyNoService(kind: ServiceKind, facts: HostFacts): string | null {
  const { user } = facts
  switch (kind) {
    case 'system':
      if (!facts.hasSystemd) return 'systemd does not run there'
      return facts.root === 'none' ? `${user} is not root and there is no sudo` : null
    case 'user':
      if (!facts.hasSystemd) return 'systemd does not run there'
      if (!facts.hasUserManager) return `no systemd of ${user} answers there`
      if (facts.isLingering || facts.hasPolkit || facts.root === 'root' || facts.root === 'free') return null
      return `services of ${user} end with the last login, and only an administrator can change that`
    case 'detached':
      return null
  }
}

/**
 * How an agent is kept running: what the inventory says, else what is there already, else the first of system, user and detached.
 * @throws SkyError `not_supported` when the host does not allow what the inventory says
 */
export function chooseService(host: InventoryHost, facts: HostFacts): ServiceKind {
  if (host.service !== 'auto') {
    const why = whyNoService(host.service, facts)
    if (why === null) return host.service
    throw new SkyError(
      'not_supported',
      `${host.name} cannot run the agent as a ${host.service} service: ${why}`,
      'Say "service: auto" for this host, or change it there.',
      { host: host.name },
    )
  }
  const possible = serviceKinds.filter((kind) => whyNoService(kind, facts) === null)
  const present = presentServices(facts).find((kind) => possible.includes(kind))
  if (present !== undefined) return present
  return possible.find((kind) => kind !== 'system' || isAdministrator(facts)) ?? 'detached'
}

/** Whether root's rights can be expected: whether a password for sudo would be accepted is known only once it is tried. */
function isAdministrator({ root, groups }: HostFacts): boolean {
  return root !== 'password' || groups.some((group) => administrators.includes(group))
}
