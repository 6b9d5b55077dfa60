import type { chatApi, ChatEvent, ChatModel } from '#shared/contract/chat-api'
import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Handlers } from '#shared/contract/rpc'
import type { LabService } from '../hosts/lab-service'
import type { ServedApi } from '../hosts/served-api'
import type { HostModels } from '../models/host-models'
import type { ModelStore } from '../models/model-store'
import { signalOf } from './call-signal'

export interface ChatParts {
  readonly lab: Pick<LabService, 'state' | 'require'>
  readonly served: Pick<ServedApi, 'parameters'>
  /** Those of this computer. */
  readonly models: Pick<ModelStore, 'list'>
  readonly hostModels: Pick<HostModels, 'list'>
  readonly onProgress: (event: ChatEvent) => void
}

export function chatHandlers({
  lab,
  served,
  models,
  hostModels,
  onProgress,
}: ChatParts): Pick<Handlers<ConsoleApi>, keyof (typeof chatApi)['methods']> {
  return {
    chatModels: ({ lab: name }, context) =>
      name === 'local' ? keptModels(models) : modelsOfHost(hostModels, name, signalOf(context)),
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

async function keptModels(models: Pick<ModelStore, 'list'>): Promise<ChatModel[]> {
  const kept = await models.list()
  return kept.map(({ name, bytes, state }) => ({ name, bytes, problem: problemOf(state) }))
}

async function modelsOfHost(
  models: Pick<HostModels, 'list'>,
  lab: string,
  signal: AbortSignal,
): Promise<ChatModel[]> {
  const found = await models.list(lab, null, signal)
  return found.models.map(({ name, bytes, foundBytes }) => ({
    name,
    bytes,
    problem: bytes === foundBytes ? null : problemOf('changed'),
  }))
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
