import { SkyError } from '#shared/contract/errors'
import type { InventorySummary, SshConfigHost } from '#shared/contract/inventory-api'
import type { Inventory } from '#shared/inventory/inventory'
import { inventoryYaml } from '#shared/inventory/inventory-yaml'
import type { Emit } from '../demo-client'

/** Inventories that are kept in memory. */
export class DemoInventories {
  readonly #kept = new Map<string, Inventory>()
  readonly #emit: Emit

  constructor(emit: Emit) {
    this.#emit = emit
  }

  list(): InventorySummary[] {
    return [...this.#kept.values()].map(({ name, description, hosts }) => ({
      name,
      description,
      satelliteHosts: hosts.filter((host) => host.role === 'satellite').length,
      inferenceHosts: hosts.filter((host) => host.role === 'inference').length,
      problem: null,
      problems: [],
    }))
  }

  get(lab: string): Inventory {
    const found = this.#kept.get(lab)
    if (!found) throw new SkyError('not_found', `There is no lab ${lab}.`, 'Look for it in the list of labs.')
    return found
  }

  save(inventory: Inventory, replaces: string | null): void {
    if (inventory.name !== replaces && this.#kept.has(inventory.name)) {
      throw new SkyError('conflict', `There is a lab ${inventory.name} already.`, 'Give it another name.')
    }
    if (replaces !== null) this.#kept.delete(replaces)
    this.#kept.set(inventory.name, inventory)
    this.#emit('inventoriesChanged', this.list())
  }

  remove(lab: string): void {
    this.get(lab)
    this.#kept.delete(lab)
    this.#emit('inventoriesChanged', this.list())
  }

  yaml(lab: string): string {
    return inventoryYaml(this.get(lab))
  }
}

export const demoSshConfig: SshConfigHost[] = [
  { alias: 'gateway', address: 'gate.lab.example', port: 2222, user: 'anna', keyFile: null, jump: [] },
  {
    alias: 'nuc1',
    address: '10.20.0.11',
    port: 22,
    user: 'lab',
    keyFile: '~/.ssh/lab_ed25519',
    jump: ['gateway'],
  },
  {
    alias: 'nuc2',
    address: '10.20.0.12',
    port: 22,
    user: 'lab',
    keyFile: '~/.ssh/lab_ed25519',
    jump: ['gateway'],
  },
  { alias: 'Jetson Orin', address: '10.20.0.20', port: 22, user: 'nvidia', keyFile: null, jump: ['gateway'] },
  { alias: 'build', address: 'build.example', port: 22, user: null, keyFile: null, jump: [] },
]
