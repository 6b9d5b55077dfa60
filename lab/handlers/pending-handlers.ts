import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import { hostApi } from '#shared/contract/host-api'
import { inventoryApi } from '#shared/contract/inventory-api'
import { provisioningApi } from '#shared/contract/provisioning-api'
import type { Handlers } from '#shared/contract/rpc'

type Pending =
  | keyof (typeof inventoryApi)['methods']
  | keyof (typeof provisioningApi)['methods']
  | keyof (typeof hostApi)['methods']

/** Replaced method by method; this file goes with the last one. */
export function pendingHandlers(): Pick<Handlers<ConsoleApi>, Pending> {
  const names = [inventoryApi, provisioningApi, hostApi].flatMap(({ methods }) => Object.keys(methods))
  const refuse = (name: string) => () => {
    throw new SkyError('not_supported', `${name} is not built yet`)
  }
  return Object.fromEntries(names.map((name) => [name, refuse(name)])) as never
}
