import type { ConsoleApi } from '#shared/contract/console-api'
import type { inventoryApi } from '#shared/contract/inventory-api'
import { SkyError } from '#shared/contract/errors'
import type { Handlers } from '#shared/contract/rpc'
import { parseInventory } from '#shared/inventory/parse-inventory'
import type { InventoryStore } from '../inventory/inventory-store'
import type { LabConnections } from '../inventory/lab-connections'
import { sshConfigHosts } from '../inventory/ssh-config'

export interface InventoryHandlerOptions {
  readonly inventories: InventoryStore
  readonly connections: LabConnections
  /** Why a lab's inventory must not change now, or null. */
  readonly inUse: (lab: string) => string | null
}

export function inventoryHandlers({
  inventories,
  connections,
  inUse,
}: InventoryHandlerOptions): Pick<Handlers<ConsoleApi>, keyof (typeof inventoryApi)['methods']> {
  const requireUnused = (lab: string): void => {
    const why = inUse(lab)
    if (why !== null)
      throw new SkyError('conflict', `The lab ${lab} cannot be changed now: ${why}`, 'Stop it first.')
  }
  return {
    inventories: () => inventories.list(),
    inventory: ({ lab }) => inventories.get(lab),
    saveInventory: async ({ inventory, replaces }) => {
      if (replaces !== null) requireUnused(replaces)
      await inventories.save(inventory, replaces)
      if (replaces !== null) connections.forgetConnections(replaces)
      return null
    },
    deleteInventory: async ({ lab }) => {
      requireUnused(lab)
      await inventories.delete(lab)
      connections.forgetConnections(lab)
      await connections.forgetSecrets(lab, null)
      return null
    },
    parseInventory: ({ yaml }) => {
      const parsed = parseInventory(yaml)
      return parsed.ok
        ? { inventory: parsed.inventory, problems: [] }
        : { inventory: null, problems: parsed.problems }
    },
    inventoryYaml: ({ lab }) => inventories.yaml(lab),
    sshConfigHosts: ({ file }) => sshConfigHosts(file),

    secretStorage: () => connections.secrets.vault.storage(),
    giveSecret: async ({ lab, target, secret, values, remember }) => {
      await connections.giveSecret(lab, target, secret, values, remember)
      return null
    },
    forgetSecrets: async ({ lab, target }) => {
      await connections.forgetSecrets(lab, target)
      return null
    },

    hostKeys: ({ lab }) => connections.hostKeys(lab),
    acceptHostKey: async ({ lab, target, fingerprint }) => {
      await connections.acceptHostKey(lab, target, fingerprint)
      return null
    },
    forgetHostKey: async ({ lab, target }) => {
      await connections.forgetHostKey(lab, target)
      return null
    },
    checkConnection: async ({ lab, host }) => {
      const session = await connections.connector(lab).connect(host)
      try {
        const began = performance.now()
        await session.run(['true'])
        const roundTripMs = performance.now() - began
        return { roundTripMs, serverVersion: session.serverVersion, user: session.user }
      } finally {
        session.close()
      }
    },
  }
}
