import { parameters } from '#shared/experiment/parameters'
import type { Inventory, InventoryHost } from '#shared/inventory/inventory'
import { dividePlanes } from '#shared/inventory/planes'

/**
 * How many planes a host will carry: those that the inventory names, or its share of the constellation that experiments have unless they
 * say otherwise. 0 of an inference host.
 */
export function carriedPlanes({ hosts }: Inventory, host: InventoryHost): number {
  if (host.role !== 'satellite') return 0
  if (host.planes) return host.planes.length
  const sharing = hosts.filter((each) => each.role === 'satellite')
  return dividePlanes(parameters.planes.default, sharing.length)[sharing.indexOf(host)]?.length ?? 0
}
