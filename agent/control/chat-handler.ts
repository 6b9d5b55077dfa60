import type { ChatAnswer, ChatProgress, ChatRequest } from '#shared/contract/chat-api'
import { fromErrorBody, SkyError } from '#shared/contract/errors'
import type { CallContext } from '#shared/contract/rpc'
import type { GenerationRequest, ServedModel } from '../inference/served-model'

/**
 * Answer a chat of the console, through the same queue as the clients of the API.
 * @throws SkyError conflict (no model is served), cancelled, and whatever the model says
 */
export async function answerChat(
  served: ServedModel | null,
  chat: ChatRequest,
  context: CallContext,
  tell: (progress: ChatProgress) => void,
): Promise<ChatAnswer> {
  if (served === null) {
    throw new SkyError('conflict', 'No model is served', 'Choose a model and start it.')
  }
  const end = new AbortController()
  let text = ''
  let stopped = false
  let queueMs = 0
  let finish: ChatAnswer['finish'] = 'length'
  context.onCancelled(() => {
    stopped = true
    // With a first token there is an answer: it ends behind the next one, and its prompt is stored.
    if (text === '') end.abort(new SkyError('cancelled', 'The answer was stopped before it began'))
  })
  const { temperature, topP, seed, useCache } = chat
  const prompt = await served.engine.chatTokens(chat.messages)
  const request: GenerationRequest = {
    prompt,
    maxTokens: roomFor(served, prompt.length, chat.maxTokens),
    stop: [],
    sampling: { temperature, topP, seed },
    useCache,
    signal: end.signal,
    isEnough: () => stopped,
  }
  for await (const event of served.generate(request)) {
    switch (event.kind) {
      case 'begun':
        queueMs = event.queueMs
        break
      case 'fetched':
        tell({ ...event.measurement, kind: 'fetched' })
        break
      case 'prefilled':
        queueMs += event.prefill.waitMs
        tell({ kind: 'prefilled', ...event.prefill })
        break
      case 'text':
        text += event.text
        tell(event)
        break
      case 'end':
        finish = stopped ? 'stopped' : event.reason
        break
      case 'stored':
        return { text, finish, measurement: event.measurement, queueMs }
      case 'failed':
        throw fromErrorBody(event.error)
    }
  }
  throw new SkyError('internal', 'the answer ended without an end')
}

/** @throws SkyError invalid_argument when not even one token fits behind the prompt */
function roomFor({ engine }: ServedModel, prompt: number, wanted: number): number {
  const { longest } = engine.model
  if (longest === null) return wanted
  if (prompt < longest) return Math.min(wanted, longest - prompt)
  throw new SkyError(
    'invalid_argument',
    `The conversation has ${prompt} tokens; the model's context has room for ${longest}`,
    'Begin a new conversation, or start the model with a larger context.',
  )
}
