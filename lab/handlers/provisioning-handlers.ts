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
  /** True while a run uses the hosts of this lab. */
  readonly hasRun: (lab: string) => boolean
}

export function provisioningHandlers({
  preflights,
  provisioner,
  hasRun,
}: ProvisioningHandlerOptions): Pick<Handlers<ConsoleApi>, keyof (typeof provisioningApi)['methods']> {
  /** Agents are restarted or taken away: what a run measures meanwhile would be worth nothing. */
  const requireNoRun = (lab: string): void => {
    if (hasRun(lab)) throw new SkyError('conflict', `A run uses the hosts of ${lab}`, 'Cancel the run first.')
  }
  return {
    preflight: ({ lab }, context) => preflights.run(lab, signalOf(context)),
    lastPreflight: ({ lab }) => preflights.last(lab),
    plan: ({ lab, hosts }, context) => provisioner.plan(lab, hosts, signalOf(context)),
    apply: ({ lab, hosts }, context) => {
      requireNoRun(lab)
      return provisioner.apply(lab, hosts, signalOf(context))
    },
    rollback: ({ lab, hosts }, context) => {
      requireNoRun(lab)
      return provisioner.rollBack(lab, hosts, signalOf(context))
    },
    removeInstallation: ({ lab, hosts }, context) => {
      requireNoRun(lab)
      return provisioner.remove(lab, hosts, signalOf(context))
    },
    cancelProvisioning: async ({ lab }) => {
      await provisioner.cancel(lab)
      return null
    },
    provisioning: ({ lab }) => provisioner.state(lab),
  }
}
