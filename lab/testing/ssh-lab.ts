import { onTestFinished } from 'vitest'
import { inventory, type Inventory } from '#shared/inventory/inventory'
import { createConnector } from '../ssh/connector'
import { createLogin } from '../ssh/login/create-login'
import type { HostKeyCheck } from '../ssh/host-keys/host-key-check'
import type { SshConnector, SshSession } from '../ssh/ssh-session'
import { SecretBook } from '../secrets/secret-book'
import { emptyVault } from '../secrets/secret-vault'
import type { TestSshd } from './sshd'

/** Accepts every key: only for tests that are about something else. */
export const everyHostKey: HostKeyCheck = {
  knownAlgorithms: async () => [],
  check: async () => undefined,
}

/** Nobody has given a secret yet. */
export function noSecrets(): SecretBook {
  return new SecretBook(emptyVault('this is a test'))
}

/** An inventory host that is this server, logged in to by its client key unless told otherwise. */
export function hostOf(server: TestSshd, name: string, changes: object = {}): object {
  const { address, port, user, clientKey } = server
  const authentication = { kind: 'key', file: clientKey }
  return { role: 'inference', name, address, port, user, authentication, ...changes }
}

export interface ConnectorParts {
  readonly hostKeys?: HostKeyCheck
  readonly secrets?: SecretBook
  readonly env?: NodeJS.ProcessEnv
}

/** A connector to hosts and jump hosts that are written as in an inventory file. */
export function connectorTo(
  hosts: readonly object[],
  jumpHosts: readonly object[] = [],
  { hostKeys = everyHostKey, secrets = noSecrets(), env = {} }: ConnectorParts = {},
): SshConnector {
  const lab: Inventory = inventory.parse({ name: 'lab', hosts, jump_hosts: jumpHosts })
  return createConnector({
    inventory: async () => lab,
    hostKeys,
    loginFor: (hop) => createLogin(hop, { secrets, env, home: null }),
  })
}

/** A session with this server, closed at the end of the test. */
export async function sessionWith(server: TestSshd, user = server.user): Promise<SshSession> {
  const session = await connectorTo([hostOf(server, 'nuc1', { user })]).connect('nuc1')
  onTestFinished(() => session.close())
  return session
}
