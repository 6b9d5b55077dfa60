import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { inventory, type Inventory } from '#shared/inventory/inventory'
import type { SshConnector } from '../ssh/ssh-session'
import type { Testbed } from '../testbed/testbed'
import { connectorTo } from './ssh-lab'

/** The inventory that a testbed wrote. */
export function inventoryOf(testbed: Testbed): Inventory {
  return inventory.parse(parse(readFileSync(testbed.state.inventoryFile, 'utf8')))
}

/** Connects to the hosts of a testbed with its key; accepts their host keys. */
export function connectorOf(lab: Inventory): SshConnector {
  return connectorTo(lab.hosts, lab.jump_hosts)
}
