import type { chatApi, ChatEvent, ChatModel } from '#shared/contract/chat-api'
import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Handlers } from '#shared/contract/rpc'
import type { LabService } from '../hosts/lab-service'
import type { ServedApi } from '../hosts/served-api'
import type { ModelStore } from '../models/model-store'
import { signalOf } from './call-signal'

export interface ChatParts {
  readonly lab: LabService
  readonly served: ServedApi
  readonly models: ModelStore
  readonly onProgress: (event: ChatEvent) => void
}

export function chatHandlers({
  lab,
  served,
  models,
  onProgress,
}: ChatParts): Pick<Handlers<ConsoleApi>, keyof (typeof chatApi)['methods']> {
  return {
    chatModels: async ({ lab: name }) => (name === 'local' ? keptModels(models) : []),
    servedModel: () => served.parameters,
    chat: async (request, context) => {
      const { state } = lab
      if (state.kind === 'running' && state.apiUrl === null) {
        throw new SkyError('conflict', 'No model is served', 'Choose a model and start it.')
      }
      const inference = lab.require().inference()
      const stop = inference.on('chatProgress', (event) => {
        if (event.chatId === request.chatId) onProgress(event)
      })
      try {
        return await inference.call('chat', request, signalOf(context))
      } finally {
        stop()
      }
    },
  }
}

async function keptModels(models: ModelStore): Promise<ChatModel[]> {
  const kept = await models.list()
  return kept.map(({ name, bytes, state }) => ({ name, bytes, problem: problemOf(state) }))
}

function problemOf(state: 'present' | 'changed' | 'missing'): string | null {
  switch (state) {
    case 'present':
      return null
    case 'changed':
      return 'its file has another size than when it was added'
    case 'missing':
      return 'its file is gone'
  }
}
