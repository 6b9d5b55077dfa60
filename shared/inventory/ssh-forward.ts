import type { Inventory, JumpHost } from './inventory'

/**
 * The command of OpenSSH that makes a port of a host's loopback one of the user's own machine, for a POSIX shell. Logins of jump hosts
 * are left to the user's SSH configuration and agent: `-J` takes none.
 * @returns null when the inventory has no such host
 */
export function sshForwardCommand(inventory: Inventory, hostName: string, port: number): string | null {
  const host = inventory.hosts.find(({ name }) => name === hostName)
  if (!host) return null
  const jumps = host.jump.flatMap((name) => inventory.jump_hosts.filter((each) => each.name === name))
  const { authentication } = host
  return [
    'ssh -N',
    `-L ${port}:127.0.0.1:${port}`,
    ...(authentication.kind === 'key' ? [`-i ${word(authentication.file)}`] : []),
    ...(jumps.length > 0 ? [`-J ${word(jumps.map(jumpText).join(','))}`] : []),
    ...(host.port === 22 ? [] : [`-p ${host.port}`]),
    word(`${host.user}@${host.address}`),
  ].join(' ')
}

/** An IPv6 address stands in brackets beside a port. */
function jumpText({ user, address, port }: JumpHost): string {
  const place = address.includes(':') ? `[${address}]` : address
  return `${user}@${place}${port === 22 ? '' : `:${port}`}`
}

/** A word that the shell takes as it is. ssh itself expands ~ in the name of a key file. */
function word(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
