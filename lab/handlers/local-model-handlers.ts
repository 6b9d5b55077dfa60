import type { ConsoleApi } from '#shared/contract/console-api'
import type { localModelApi, LocalModelProgress } from '#shared/contract/local-model-api'
import type { Handlers } from '#shared/contract/rpc'
import { addLocalModel, addRandomModel, describeLocalModels } from '../models/local-models'
import type { ModelStore } from '../models/model-store'
import { signalOf } from './call-signal'

export function localModelHandlers(
  models: ModelStore,
  onProgress: (progress: LocalModelProgress) => void,
): Pick<Handlers<ConsoleApi>, keyof (typeof localModelApi)['methods']> {
  return {
    localModels: () => describeLocalModels(models),
    addLocalModel: async ({ file }, context) => {
      const { name } = await addLocalModel(models, file, { signal: signalOf(context), onProgress })
      return { name }
    },
    addRandomModel: async (_, context) => {
      const { name } = await addRandomModel(models, { signal: signalOf(context), onProgress })
      return { name }
    },
    removeLocalModel: async ({ name }) => {
      await models.remove(name)
      return { name }
    },
  }
}
