import type { ConsoleApi } from '#shared/contract/console-api'
import type { InstallProgress, modelEngineApi } from '#shared/contract/model-engine-api'
import type { Handlers } from '#shared/contract/rpc'
import type { LlamaInstallation } from '../models/llama/llama-installation'
import { signalOf } from './call-signal'

export function modelEngineHandlers(
  llama: LlamaInstallation,
  onProgress: (progress: InstallProgress) => void,
): Pick<Handlers<ConsoleApi>, keyof (typeof modelEngineApi)['methods']> {
  return {
    modelEngine: () => llama.look(),
    installModelEngine: async ({ from }, context) => {
      await llama.install({ from, signal: signalOf(context), onProgress })
      return llama.look()
    },
  }
}
