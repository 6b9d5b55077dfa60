import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { provisioningApi } from '#shared/contract/provisioning-api'
import type { Handlers } from '#shared/contract/rpc'

type Pending = keyof (typeof provisioningApi)['methods']

/** Replaced method by method; this file goes with the last one. */
export function pendingHandlers(): Pick<Handlers<ConsoleApi>, Pending> {
  const names = Object.keys(provisioningApi.methods)
  const refuse = (name: string) => () => {
    throw new SkyError('not_supported', `${name} is not built yet`)
  }
  return Object.fromEntries(names.map((name) => [name, refuse(name)])) as never
}
