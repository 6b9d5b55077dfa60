import { stringify } from 'yaml'
import { inventory, type Inventory } from '#shared/inventory/inventory'

export interface InventoryEntry {
  readonly name: string
  readonly role: 'satellite' | 'inference'
  readonly address: string
  readonly port: number
  /** Absent = the usual one. */
  readonly dataPort?: number
}

/** The paper's testbed: five planes, a NUC for each. */
const paperPlanes = 5

/** The testbed as an inventory of hosts that are reached with this key. */
export function testbedInventory(
  name: string,
  user: string,
  keyFile: string,
  hosts: readonly InventoryEntry[],
): Inventory {
  const satellites = hosts.filter(({ role }) => role === 'satellite')
  return inventory.parse({
    name,
    description: 'Hosts of a testbed on this machine, made by skymemory testbed up.',
    hosts: hosts.map((host) => ({
      role: host.role,
      name: host.name,
      address: host.address,
      port: host.port,
      user,
      authentication: { kind: 'key', file: keyFile },
      ...(host.role === 'satellite' && satellites.length === paperPlanes
        ? { planes: [satellites.indexOf(host)] }
        : {}),
      ...(host.role === 'satellite' && host.dataPort !== undefined ? { data_port: host.dataPort } : {}),
    })),
  })
}

/** What `skymemory lab import` reads. */
export function inventoryText(value: Inventory): string {
  return `# For: skymemory lab import FILE\n${stringify(value)}`
}
