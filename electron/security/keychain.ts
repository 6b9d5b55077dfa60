import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { SecretStorage } from '#shared/contract/inventory-api'
import { SkyError } from '#shared/contract/errors'
import type { Handlers } from '#shared/contract/rpc'
import { writeFileAtomically } from '#lab/atomic-file'
import type { vaultContract } from './vault-contract'

/** The part of Electron's safeStorage that is used. */
export interface Encryption {
  isEncryptionAvailable(): boolean
  encryptString(text: string): Buffer
  decryptString(encrypted: Buffer): string
  /** Linux only. */
  getSelectedStorageBackend(): string
}

const content = z.object({ version: z.literal(1), secrets: z.record(z.string(), z.string()) })

/**
 * Secrets in a file of the data directory, each encrypted with a key that the system's keychain keeps. Where there is no keychain,
 * nothing is written: Electron would encrypt with a key that everybody knows.
 */
export class Keychain {
  readonly #encryption: Encryption
  readonly #file: string
  readonly #platform: NodeJS.Platform
  #turn: Promise<unknown> = Promise.resolve()

  constructor(encryption: Encryption, file: string, platform: NodeJS.Platform) {
    this.#encryption = encryption
    this.#file = file
    this.#platform = platform
  }

  readonly handlers: Handlers<typeof vaultContract> = {
    storage: () => this.storage(),
    get: ({ key }) => this.#get(key),
    set: async ({ key, value }) => {
      const storage = this.storage()
      if (storage.kind === 'memory') {
        throw new SkyError(
          'not_supported',
          `Secrets cannot be remembered: ${storage.why}`,
          'Give it for this time only.',
        )
      }
      const encrypted = this.#encryption.encryptString(value).toString('base64')
      await this.#change((secrets) => ({ ...secrets, [key]: encrypted }))
      return null
    },
    delete: async ({ key }) => {
      await this.#change((secrets) => without(secrets, (each) => each === key))
      return null
    },
    deleteAll: async ({ prefix }) => {
      await this.#change((secrets) => without(secrets, (each) => each.startsWith(prefix)))
      return null
    },
  }

  storage(): SecretStorage {
    const names: Partial<Record<NodeJS.Platform, string>> = {
      darwin: 'Keychain',
      win32: 'Windows data protection',
    }
    if (this.#platform !== 'linux') {
      return this.#encryption.isEncryptionAvailable()
        ? { kind: 'keychain', name: names[this.#platform] ?? 'keychain' }
        : { kind: 'memory', why: 'the system offers no encryption to this app' }
    }
    const backend = this.#encryption.getSelectedStorageBackend()
    if (this.#encryption.isEncryptionAvailable() && !['basic_text', 'unknown'].includes(backend)) {
      return { kind: 'keychain', name: backend }
    }
    return {
      kind: 'memory',
      why: 'no keyring runs on this desktop (GNOME Keyring or KWallet), and secrets are never stored in clear',
    }
  }

  async #get(key: string): Promise<string | null> {
    if (this.storage().kind === 'memory') return null
    const encrypted = (await this.#read())[key]
    if (encrypted === undefined) return null
    try {
      return this.#encryption.decryptString(Buffer.from(encrypted, 'base64'))
    } catch {
      // Another keychain, or a damaged entry: it is asked for again.
      return null
    }
  }

  async #read(): Promise<Record<string, string>> {
    const text = await readFile(this.#file, 'utf8').catch(() => '')
    try {
      return content.parse(JSON.parse(text)).secrets
    } catch {
      return {}
    }
  }

  #change(change: (secrets: Record<string, string>) => Record<string, string>): Promise<void> {
    const result = this.#turn.then(async () => {
      const before = await this.#read()
      const secrets = change(before)
      if (Object.keys(secrets).length === 0 && Object.keys(before).length === 0) return
      await writeFileAtomically(this.#file, `${JSON.stringify({ version: 1, secrets })}\n`, 0o600)
    })
    this.#turn = result.catch(() => undefined)
    return result
  }
}

function without(secrets: Record<string, string>, isGone: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).filter(([key]) => !isGone(key)))
}
