import { SkyError } from '#shared/contract/errors'
import {
  consoleKeyStore,
  type HostKey,
  type NeededSecret,
  type SecretKind,
  type SecretStorage,
} from '#shared/contract/inventory-api'
import type { Authentication, Inventory, InventoryHost, JumpHost } from '#shared/inventory/inventory'
import { randomFrom } from '../random'
import type { DemoInventories } from './demo-inventories'

type Target = InventoryHost | JumpHost

/** Any secret of the made-up hosts is right, but for this one. */
export const wrongSecret = 'wrong'

/** Who has accepted which key, and who has given which secret. */
export class DemoAccess {
  /** Where changed keys were known from. */
  changedIn: string = consoleKeyStore
  storage: SecretStorage = { kind: 'keychain', name: 'GNOME Keyring' }
  readonly #inventories: DemoInventories
  readonly #accepted = new Map<string, HostKey>()
  readonly #given = new Map<string, string>()
  /** How often a host was set up anew: each time it has another key. */
  readonly #renewed = new Map<string, number>()
  readonly #unreachable = new Map<string, string>()

  constructor(inventories: DemoInventories) {
    this.#inventories = inventories
  }

  /** @throws SkyError what stands in the way to this host, from the first hop on */
  connect(lab: string, host: string): InventoryHost {
    const inventory = this.#inventories.get(lab)
    const found = inventory.hosts.find(({ name }) => name === host)
    if (!found) throw new SkyError('not_found', `Lab ${lab} has no host ${host}.`)
    for (const target of [...hops(inventory, found), found]) {
      const problem = this.#unreachable.get(target.name)
      if (problem !== undefined) {
        const message = `${target.name} (${target.address}:${target.port}) did not answer: ${problem}`
        throw new SkyError('unreachable', message, 'Check that it is on, and that this network leads to it.')
      }
      this.#checkKey(lab, target)
      this.#authenticate(lab, target)
    }
    return found
  }

  needSudo(lab: string, host: string): void {
    this.#need(lab, host, 'sudo', null, [])
  }

  keyOf(lab: string, name: string): HostKey {
    const target = this.#target(lab, name)
    const random = randomFrom(
      [...`${name} ${this.#renewed.get(`${lab}/${name}`) ?? 0}`].reduce(
        (sum, c) => sum * 31 + c.charCodeAt(0),
        7,
      ),
    )
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    const text = Array.from({ length: 43 }, () => alphabet[Math.floor(random() * 64)]).join('')
    const { address, port } = target
    return { target: name, address, port, algorithm: 'ssh-ed25519', fingerprint: `SHA256:${text}` }
  }

  keys(lab: string): HostKey[] {
    return [...this.#accepted].filter(([id]) => id.startsWith(`${lab}/`)).map(([, key]) => key)
  }

  accept(lab: string, target: string, fingerprint: string): void {
    const shown = this.keyOf(lab, target)
    if (shown.fingerprint !== fingerprint) {
      throw new SkyError('conflict', `${target} shows ${shown.fingerprint} now.`, 'Compare it again.')
    }
    this.#accepted.set(`${lab}/${target}`, shown)
  }

  forgetKey(lab: string, target: string): void {
    this.#accepted.delete(`${lab}/${target}`)
  }

  give(lab: string, target: string, secret: SecretKind, values: readonly string[], remember: boolean): void {
    if (remember && this.storage.kind === 'memory') {
      throw new SkyError('not_supported', 'There is no keychain to remember it in.', this.storage.why)
    }
    this.#given.set(`${lab}/${target}/${secret}`, values.join('\n'))
  }

  forgetSecrets(lab: string, target: string | null): void {
    const prefix = target === null ? `${lab}/` : `${lab}/${target}/`
    for (const id of this.#given.keys()) if (id.startsWith(prefix)) this.#given.delete(id)
  }

  /** The host was set up anew. */
  renewKey(lab: string, target: string): void {
    this.#renewed.set(`${lab}/${target}`, (this.#renewed.get(`${lab}/${target}`) ?? 0) + 1)
  }

  /** Null = it can be reached again. */
  setUnreachable(host: string, reason: string | null): void {
    if (reason === null) this.#unreachable.delete(host)
    else this.#unreachable.set(host, reason)
  }

  isUnreachable(host: string): boolean {
    return this.#unreachable.has(host)
  }

  /** As if all had been asked for before. */
  acceptAll(lab: string): void {
    const { hosts, jump_hosts: jumps } = this.#inventories.get(lab)
    for (const { name } of [...hosts, ...jumps]) {
      this.#accepted.set(`${lab}/${name}`, this.keyOf(lab, name))
      for (const secret of ['password', 'passphrase', 'sudo', 'answers'])
        this.#given.set(`${lab}/${name}/${secret}`, 'x')
    }
  }

  #checkKey(lab: string, target: Target): void {
    const shown = this.keyOf(lab, target.name)
    const known = this.#accepted.get(`${lab}/${target.name}`)
    if (known === undefined) {
      throw new SkyError(
        'host_key_unknown',
        `${target.name} (${target.address}) shows a key that is not known: ${shown.fingerprint}`,
        'Compare it with what the host itself prints, then accept it.',
        { ...shown, lab },
      )
    }
    if (known.fingerprint === shown.fingerprint) return
    throw new SkyError(
      'host_key_changed',
      `${target.name} (${target.address}) shows another key than before`,
      'Somebody may be in between, or the host was set up anew.',
      {
        ...shown,
        lab,
        known: { algorithm: known.algorithm, fingerprint: known.fingerprint },
        store: this.changedIn,
      },
    )
  }

  #authenticate(lab: string, target: Target): void {
    const how: Authentication = target.authentication
    if (how.kind === 'password') this.#need(lab, target.name, 'password', null, [])
    if (how.kind === 'key' && how.file.includes('lab_'))
      this.#need(lab, target.name, 'passphrase', how.file, [])
    if (how.kind === 'keyboard_interactive') {
      const prompts = [
        { text: 'Password: ', echo: false },
        { text: 'Verification code: ', echo: true },
      ]
      this.#need(lab, target.name, 'answers', null, prompts)
    }
  }

  #need(
    lab: string,
    target: string,
    secret: SecretKind,
    keyFile: string | null,
    prompts: NeededSecret['prompts'],
  ): void {
    const given = this.#given.get(`${lab}/${target}/${secret}`)
    if (given !== undefined && given !== wrongSecret) return
    const details: NeededSecret = { lab, target, secret, keyFile, prompts, wasWrong: given !== undefined }
    throw new SkyError('secret_needed', `${target} needs a secret: ${secret}`, '', { ...details })
  }

  #target(lab: string, name: string): Target {
    const { hosts, jump_hosts: jumps } = this.#inventories.get(lab)
    const found = [...hosts, ...jumps].find((one) => one.name === name)
    if (!found) throw new SkyError('not_found', `Lab ${lab} has no host ${name}.`)
    return found
  }
}

function hops(inventory: Inventory, host: InventoryHost): JumpHost[] {
  return host.jump.flatMap((name) => inventory.jump_hosts.filter((jump) => jump.name === name))
}
