import { homedir } from 'node:os'
import { join } from 'node:path'
import type { HostKey, SecretKind } from '#shared/contract/inventory-api'
import { SkyError } from '#shared/contract/errors'
import type { Authentication, Inventory, JumpHost } from '#shared/inventory/inventory'
import { SecretBook } from '../secrets/secret-book'
import type { SecretName } from '../secrets/secret'
import type { SecretVault } from '../secrets/secret-vault'
import type { Hop } from '../ssh/connect/hop'
import { createConnector, hopsTo, shownKey, type ConnectorOptions } from '../ssh/connector'
import { HostKeyStore } from '../ssh/host-keys/host-key-store'
import { LabHostKeys } from '../ssh/host-keys/lab-host-keys'
import { createLogin } from '../ssh/login/create-login'
import { SharedSessions } from '../ssh/shared-sessions'
import type { SshConnector } from '../ssh/ssh-session'
import type { InventoryStore } from './inventory-store'
import type { LabAccess } from './lab-access'

export interface LabConnectionsOptions {
  readonly inventories: InventoryStore
  readonly dataDirectory: string
  readonly vault: SecretVault
  /** Where SSH_AUTH_SOCK stands. */
  readonly env: NodeJS.ProcessEnv
  /** Files of known hosts that the user has anyway; his own ones unless told otherwise. */
  readonly knownHosts?: readonly string[]
}

/** The ways to the hosts of all labs: connections that are shared, the keys of hosts, and what logins need. */
export class LabConnections implements LabAccess {
  readonly secrets: SecretBook
  readonly #options: LabConnectionsOptions
  readonly #hostKeys: LabHostKeys
  readonly #shared = new Map<string, SharedSessions>()

  constructor(options: LabConnectionsOptions) {
    const knownHosts = options.knownHosts ?? [
      join(homedir(), '.ssh', 'known_hosts'),
      '/etc/ssh/ssh_known_hosts',
    ]
    this.#options = options
    this.secrets = new SecretBook(options.vault)
    this.#hostKeys = new LabHostKeys(
      new HostKeyStore(join(options.dataDirectory, 'host-keys.json')),
      knownHosts,
    )
  }

  inventory(lab: string): Promise<Inventory> {
    return this.#options.inventories.get(lab)
  }

  connector(lab: string): SshConnector {
    let shared = this.#shared.get(lab)
    if (!shared) {
      shared = new SharedSessions(createConnector(this.#connectorOptions(lab)))
      this.#shared.set(lab, shared)
    }
    return shared
  }

  /** The inventory has changed: what is open may lead elsewhere. */
  forgetConnections(lab: string): void {
    this.#shared.get(lab)?.close()
    this.#shared.delete(lab)
  }

  /** Keys that this console has accepted for the hosts and jump hosts of a lab. */
  async hostKeys(lab: string): Promise<HostKey[]> {
    return this.#hostKeys.accepted(await this.#hops(lab))
  }

  /** @throws SkyError `conflict` when it shows another key, `host_key_changed`, and those of connecting */
  async acceptHostKey(lab: string, target: string, fingerprint: string): Promise<void> {
    const { hop, key } = await shownKey(this.#connectorOptions(lab), target)
    await this.#hostKeys.accept(hop, key, fingerprint, Date.now())
  }

  /** @throws SkyError `not_found` when there is none */
  async forgetHostKey(lab: string, target: string): Promise<void> {
    const hops = await hopsTo(this.#connectorOptions(lab), target)
    if (await this.#hostKeys.forget(hops.at(-1) as Hop)) return
    throw new SkyError(
      'not_found',
      `No key was accepted for ${target} in this console`,
      'A key of your own known_hosts is forgotten with: ssh-keygen -R',
      { lab, target },
    )
  }

  async giveSecret(
    lab: string,
    target: string,
    kind: SecretKind,
    values: readonly string[],
    remember: boolean,
  ): Promise<void> {
    if (kind === 'answers') {
      if (remember) throw new SkyError('invalid_argument', 'Answers are used once: they cannot be remembered')
      return this.secrets.giveAnswers(lab, target, values)
    }
    const name = secretName(lab, await this.#target(lab, target), kind)
    await this.secrets.give(name, values[0] ?? '', remember)
  }

  /** @param target null = of every host of the lab */
  async forgetSecrets(lab: string, target: string | null): Promise<void> {
    if (target === null) return this.secrets.forgetLab(lab)
    const host = await this.#target(lab, target)
    const kinds = ['password', 'sudo', ...(host.authentication.kind === 'key' ? ['passphrase'] : [])] as const
    await this.secrets.forget(kinds.map((kind) => secretName(lab, host, kind as 'password')))
  }

  close(): void {
    for (const shared of this.#shared.values()) shared.close()
    this.#shared.clear()
  }

  #connectorOptions(lab: string): ConnectorOptions {
    const { env } = this.#options
    return {
      inventory: () => this.inventory(lab),
      hostKeys: this.#hostKeys,
      loginFor: (hop) => createLogin(hop, { secrets: this.secrets, env, home: null }),
    }
  }

  async #hops(lab: string): Promise<Hop[]> {
    const options = this.#connectorOptions(lab)
    const { hosts, jump_hosts: jumpHosts } = await this.inventory(lab)
    const hops = await Promise.all([...hosts, ...jumpHosts].map(({ name }) => hopsTo(options, name)))
    return hops.map((each) => each.at(-1) as Hop)
  }

  async #target(lab: string, target: string): Promise<JumpHost> {
    const { hosts, jump_hosts: jumpHosts } = await this.inventory(lab)
    const found = [...hosts, ...jumpHosts].find(({ name }) => name === target)
    if (found) return found
    throw new SkyError('not_found', `The lab ${lab} has no host ${target}`, 'Look at its inventory.')
  }
}

function secretName(
  lab: string,
  { name: target, authentication }: JumpHost,
  kind: Exclude<SecretKind, 'answers'>,
): SecretName {
  if (kind !== 'passphrase') return { lab, kind, target }
  return { lab, kind, target, keyFile: keyFileOf(authentication, target) }
}

function keyFileOf(authentication: Authentication, target: string): string {
  if (authentication.kind === 'key') return authentication.file
  throw new SkyError('invalid_argument', `${target} is not logged in to with a key: it has no passphrase`)
}
