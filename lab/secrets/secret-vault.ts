import { SkyError } from '#shared/contract/errors'
import type { SecretStorage } from '#shared/contract/inventory-api'
import type { SecretName } from './secret'

/** Where secrets come from when a program starts, and where those lie that are to be remembered. */
export interface SecretVault {
  storage(): Promise<SecretStorage>
  get(name: SecretName): Promise<string | null>
  /** @throws SkyError `not_supported` where nothing is remembered */
  set(name: SecretName, value: string): Promise<void>
  delete(name: SecretName): Promise<void>
  /** Every secret of a lab. */
  deleteLab(lab: string): Promise<void>
}

/** Remembers nothing. @param why it does not, as a sentence for users */
export function emptyVault(why: string): SecretVault {
  return {
    storage: async () => ({ kind: 'memory', why }),
    get: async () => null,
    set: async () => {
      throw new SkyError(
        'not_supported',
        `Secrets cannot be remembered: ${why}`,
        'Give it without remembering it: it is kept in memory until the program ends.',
      )
    },
    delete: async () => undefined,
    deleteLab: async () => undefined,
  }
}
