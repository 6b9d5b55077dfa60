import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { provisioningApi } from '#shared/contract/provisioning-api'
import type { Handlers } from '#shared/contract/rpc'
import type { Preflights } from '../preflight/preflights'
import type { Provisioner } from '../provisioning/provisioner'
import { signalOf } from './call-signal'

export interface ProvisioningHandlerOptions {
  readonly preflights: Preflights
  readonly provisioner: Provisioner
  /** What uses the hosts of this lab now, or null. */
  readonly activeOn: (lab: string) => 'run' | 'proof' | null
}

export function provisioningHandlers({
  preflights,
  provisioner,
  activeOn,
}: ProvisioningHandlerOptions): Pick<Handlers<ConsoleApi>, keyof (typeof provisioningApi)['methods']> {
  /** Agents are restarted or taken away: what is measured meanwhile would be worth nothing. */
  const requireUnused = (lab: string): void => {
    const active = activeOn(lab)
    if (!active) return
    throw new SkyError('conflict', `A ${active} uses the hosts of ${lab}`, `Cancel the ${active} first.`)
  }
  return {
    preflight: ({ lab }, context) => preflights.run(lab, signalOf(context)),
    lastPreflight: ({ lab }) => preflights.last(lab),
    plan: ({ lab, hosts }, context) => provisioner.plan(lab, hosts, signalOf(context)),
    apply: ({ lab, hosts }, context) => {
      requireUnused(lab)
      return provisioner.apply(lab, hosts, signalOf(context))
    },
    rollback: ({ lab, hosts }, context) => {
      requireUnused(lab)
      return provisioner.rollBack(lab, hosts, signalOf(context))
    },
    removeInstallation: ({ lab, hosts }, context) => {
      requireUnused(lab)
      return provisioner.remove(lab, hosts, signalOf(context))
    },
    cancelProvisioning: async ({ lab }) => {
      await provisioner.cancel(lab)
      return null
    },
    provisioning: ({ lab }) => provisioner.state(lab),
  }
}
