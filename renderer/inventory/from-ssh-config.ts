import type { SshConfigHost } from '#shared/contract/inventory-api'
import { yamlText } from '#shared/yaml/yaml-text'
import { defaultSshPort, type Role } from './inventory-draft'

/** Longest name of a host. */
const longestName = 40

/** An alias as a name of a host: `Jetson Orin` is `jetson-orin`. */
export function hostNameOf(alias: string): string {
  return (
    alias
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, longestName)
      .replaceAll(/-+$/g, '') || 'host'
  )
}

/**
 * The file of a lab with some hosts of an OpenSSH configuration. Jump hosts come along. Where the configuration names no user,
 * the file has an empty one, which the check of the file names.
 * @param roles of the chosen hosts, by alias
 */
export function inventoryFromSshConfig(
  name: string,
  hosts: readonly SshConfigHost[],
  roles: ReadonlyMap<string, Role>,
): string {
  const chosen = hosts.filter(({ alias }) => roles.has(alias))
  const needed = new Set(chosen.flatMap(({ jump }) => jump))
  const jumps = hosts.filter(({ alias }) => needed.has(alias))
  return yamlText({
    name,
    hosts: chosen.map((host) => ({
      role: roles.get(host.alias),
      ...targetOf(host),
      ...(host.jump.length === 0 ? {} : { jump: host.jump.map(hostNameOf) }),
    })),
    ...(jumps.length === 0 ? {} : { jump_hosts: jumps.map(targetOf) }),
  })
}

function targetOf({ alias, address, port, user, keyFile }: SshConfigHost): object {
  return {
    name: hostNameOf(alias),
    address,
    ...(port === defaultSshPort ? {} : { port }),
    user: user ?? '',
    ...(keyFile === null ? {} : { authentication: { kind: 'key', file: keyFile } }),
  }
}
