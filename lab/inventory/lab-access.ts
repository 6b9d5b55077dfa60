import type { Inventory } from '#shared/inventory/inventory'
import type { SshConnector } from '../ssh/ssh-session'

/** What those who work on hosts need to know of a lab: who its hosts are, and how to reach them. */
export interface LabAccess {
  /** @throws SkyError `not_found` when no inventory has this name */
  inventory(lab: string): Promise<Inventory>
  connector(lab: string): SshConnector
}
