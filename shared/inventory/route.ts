import { SkyError } from '../contract/errors'
import type { Inventory, JumpHost } from './inventory'

/**
 * The SSH servers on the way to a host or a jump host, the first one reached directly, the last one itself.
 * A jump host is reached as the first host that uses it reaches it.
 * @throws SkyError `not_found`
 */
export function routeTo(inventory: Inventory, name: string): JumpHost[] {
  const jumpHosts = new Map(inventory.jump_hosts.map((each) => [each.name, each]))
  const jump = (target: string): JumpHost => {
    const found = jumpHosts.get(target)
    if (found) return found
    throw new SkyError(
      'not_found',
      `The lab ${inventory.name} has no jump host ${target}`,
      'Look at its inventory.',
    )
  }
  const host = inventory.hosts.find((each) => each.name === name)
  if (host) return [...host.jump.map(jump), host]
  if (!jumpHosts.has(name)) {
    throw new SkyError('not_found', `The lab ${inventory.name} has no host ${name}`, 'Look at its inventory.')
  }
  const chain = inventory.hosts.map((each) => each.jump).find((names) => names.includes(name)) ?? [name]
  return chain.slice(0, chain.indexOf(name) + 1).map(jump)
}
