import type { LabAccess } from '../inventory/lab-access'
import type { StartLab } from '../hosts/lab-hosts'
import { labToken } from './lab-token'
import { remoteLab, type RemoteLabOptions } from './remote-lab'
import { SshHostAccess, type SshHostAccessOptions } from './ssh-host-access'

export interface InventoryLabOptions extends Pick<
  SshHostAccessOptions,
  'agentVersion' | 'secrets' | 'locks' | 'removedBy'
> {
  readonly access: LabAccess
  readonly dataDirectory: string
}

/** The lab of an inventory: its hosts are read when it is started. @throws SkyError `not_found` at its start */
export function inventoryLab(
  name: string,
  { access, dataDirectory, ...host }: InventoryLabOptions,
): StartLab {
  return async (shape, onStep, onChange, signal) => {
    const inventory = await access.inventory(name)
    const connector = access.connector(name)
    const options: RemoteLabOptions = {
      inventory,
      accessTo: (each) => new SshHostAccess({ ...host, lab: name, host: each, connector }),
      token: await labToken(dataDirectory, name),
    }
    return remoteLab(options)(shape, onStep, onChange, signal)
  }
}
