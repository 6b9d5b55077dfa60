import type { Client } from '#shared/contract/rpc'
import { secretKey } from '#lab/secrets/secret'
import type { SecretVault } from '#lab/secrets/secret-vault'
import type { vaultContract } from './vault-contract'

/** The engine's vault: what it is asked, the main process answers. */
export function keychainVault(main: Client<typeof vaultContract>): SecretVault {
  return {
    storage: () => main.call('storage', {}),
    get: (name) => main.call('get', { key: secretKey(name) }),
    set: async (name, value) => void (await main.call('set', { key: secretKey(name), value })),
    delete: async (name) => void (await main.call('delete', { key: secretKey(name) })),
    deleteLab: async (lab) => void (await main.call('deleteAll', { prefix: `${lab}/` })),
  }
}
