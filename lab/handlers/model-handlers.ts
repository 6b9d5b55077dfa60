import type { ConsoleApi } from '#shared/contract/console-api'
import type { modelApi } from '#shared/contract/model-api'
import type { Handlers } from '#shared/contract/rpc'
import type { HostModels } from '../models/host-models'
import { signalOf } from './call-signal'

export function modelHandlers(
  models: HostModels,
): Pick<Handlers<ConsoleApi>, keyof (typeof modelApi)['methods']> {
  return {
    sendModel: ({ lab, host, ...model }, context) => models.send(lab, host, model, signalOf(context)),
    hostModels: ({ lab, host }, context) => models.list(lab, host, signalOf(context)),
    removeHostModel: ({ lab, host, name }, context) => models.remove(lab, host, name, signalOf(context)),
  }
}
