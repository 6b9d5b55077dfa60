import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { InventorySummary } from '#shared/contract/inventory-api'
import type { FileProblem } from '#shared/contract/problem'
import type { Inventory } from '#shared/inventory/inventory'
import { useEngine } from '../engine'

/** The labs of SSH hosts that this console knows. */
export const useInventories = defineStore('inventories', () => {
  const { client } = useEngine()
  const list = shallowRef<readonly InventorySummary[]>([])
  const loaded = shallowRef(false)
  /** Whole inventories that were asked for, until something changes. */
  const details = shallowRef<ReadonlyMap<string, Inventory>>(new Map())

  client.on('inventoriesChanged', (changed) => {
    list.value = changed
    loaded.value = true
    const known = [...details.value.keys()]
    details.value = new Map()
    for (const lab of known)
      if (changed.some(({ name }) => name === lab)) void load(lab).catch(() => undefined)
  })

  const names = computed(() => list.value.map(({ name }) => name))

  async function refresh(): Promise<void> {
    list.value = await client.call('inventories', {})
    loaded.value = true
  }

  /** @throws SkyError `not_found`, or why its file cannot be used */
  async function load(lab: string): Promise<Inventory> {
    const inventory = await client.call('inventory', { lab })
    details.value = new Map(details.value).set(lab, inventory)
    return inventory
  }

  async function save(inventory: Inventory, replaces: string | null): Promise<void> {
    await client.call('saveInventory', { inventory, replaces })
  }

  async function remove(lab: string): Promise<void> {
    await client.call('deleteInventory', { lab })
  }

  /** Its file, as it is where it cannot be used; then there are problems. */
  async function yaml(lab: string): Promise<{ yaml: string; problems: readonly FileProblem[] }> {
    return client.call('inventoryYaml', { lab })
  }

  return { list, loaded, details, names, refresh, load, save, remove, yaml }
})
