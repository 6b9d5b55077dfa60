import type { ServiceKind } from '#shared/inventory/inventory'
import { requireSuccess } from '../apply/script-failure'
import type { HostFacts } from '../facts/host-facts'
import type { HostLayout } from '../host-layout'
import type { HostShell } from '../host-shell'
import { removeScript, retireScript } from '../remote-scripts/remove-scripts'
import { asOwner } from '../services/service-control'
import { accountComment, serviceAccount, unitFile, unitName } from '../services/service-names'

export interface TakenAway {
  readonly lab: string
  readonly service: ServiceKind
  readonly layout: HostLayout
  readonly facts: HostFacts
  readonly shell: HostShell
  /** Another service of this lab lives in the same folder. */
  readonly keepFiles: boolean
  /** Who removes the lab from the host; null = another service has taken its place. */
  readonly removedBy: string | null
}

const removeLimitMs = 120_000

/**
 * End a service, and take away its unit, its files and the account that was made for it. Does nothing about what is not there.
 * @throws SkyError `provisioning_failed`, `host_not_writable` and those of root's rights
 */
export async function takeAway({
  lab,
  service,
  layout,
  facts,
  shell,
  keepFiles,
  removedBy,
}: TakenAway): Promise<void> {
  const { host } = shell.session
  const file = unitFile(service, lab, facts.home) ?? ''
  const retired = await asOwner(
    shell,
    service,
    retireScript,
    [service, layout.directory, unitName(lab), file, facts.user, removedBy ?? ''],
    { limitMs: removeLimitMs },
  )
  requireSuccess(retired, host, 'to end the service')
  if (keepFiles) return
  const isSystem = service === 'system'
  const args = [layout.directory, isSystem ? serviceAccount(lab) : '', accountComment(lab)]
  const removed = await asOwner(shell, service, removeScript, args, { limitMs: removeLimitMs })
  requireSuccess(removed, host, 'to remove the files')
}
