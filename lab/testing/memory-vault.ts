import { secretKey } from '../secrets/secret'
import type { SecretVault } from '../secrets/secret-vault'

/** A keychain for one test. */
export function memoryVault(): SecretVault {
  const secrets = new Map<string, string>()
  return {
    storage: async () => ({ kind: 'keychain', name: 'memory of the test' }),
    get: async (name) => secrets.get(secretKey(name)) ?? null,
    set: async (name, value) => void secrets.set(secretKey(name), value),
    delete: async (name) => void secrets.delete(secretKey(name)),
    deleteLab: async (lab) => {
      for (const key of [...secrets.keys()]) if (key.startsWith(`${lab}/`)) secrets.delete(key)
    },
  }
}
