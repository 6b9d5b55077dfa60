import type { LabState } from '#shared/contract/console-api'
import type { Inventory } from '#shared/inventory/inventory'
import { sshForwardCommand } from '#shared/inventory/ssh-forward'

type RunningLab = Extract<LabState, { kind: 'running' }>

/** Where the OpenAI-compatible API of a lab listens: on loopback of the machine that carries the model. */
export interface ApiPlace {
  /** That machine, in words. */
  readonly machine: string
  /** Makes its port one of this computer; null where it is one, and while it is not served or the inventory is not known. */
  readonly forward: string | null
}

/** @param inventory of an SSH lab; null = the local lab's hosts are this computer */
export function apiPlace(lab: RunningLab, isLocal: boolean, inventory: Inventory | null): ApiPlace {
  if (isLocal) return { machine: 'this computer', forward: null }
  const host = lab.hosts.find(({ role }) => role === 'inference')?.hostId ?? 'the inference host'
  const forward =
    lab.apiUrl === null || inventory === null
      ? null
      : sshForwardCommand(inventory, host, Number(new URL(lab.apiUrl).port))
  return { machine: host, forward }
}
