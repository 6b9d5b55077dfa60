import type { Measurement } from '#shared/experiment/measurement'

/** Answers in the shape of the OpenAI API, so that its clients understand them. */
export type Endpoint = 'completions' | 'chat'

export interface AnswerHead {
  readonly endpoint: Endpoint
  readonly id: string
  readonly model: string
  /** Unix seconds. */
  readonly created: number
  /** The last chunk of a stream tells the usage; those before it say so by null. */
  readonly withUsage: boolean
}

export function usage({ promptTokens, outputTokens, cachedTokens }: Measurement) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  }
}

export function wholeAnswer(head: AnswerHead, text: string, reason: string, measurement: Measurement) {
  const chat = head.endpoint === 'chat'
  const content = chat ? { message: { role: 'assistant', content: text } } : { text, logprobs: null }
  return {
    id: head.id,
    object: chat ? 'chat.completion' : 'text_completion',
    created: head.created,
    model: head.model,
    choices: [{ index: 0, ...content, finish_reason: reason }],
    usage: usage(measurement),
  }
}

/** @param isFirst the first chunk of a chat says whose words these are */
export function chunk(head: AnswerHead, text: string | null, reason: string | null, isFirst = false) {
  const chat = head.endpoint === 'chat'
  const role = isFirst ? { role: 'assistant' } : {}
  const content = chat
    ? { delta: { ...role, ...(text === null ? {} : { content: text }) } }
    : { text: text ?? '', logprobs: null }
  return {
    ...chunkHead(head),
    choices: [{ index: 0, ...content, finish_reason: reason }],
  }
}

/** The last chunk of a stream whose client asked for usage. */
export function usageChunk(head: AnswerHead, measurement: Measurement) {
  return { ...chunkHead(head), choices: [], usage: usage(measurement) }
}

function chunkHead({ endpoint, id, created, model, withUsage }: AnswerHead) {
  const object = endpoint === 'chat' ? 'chat.completion.chunk' : 'text_completion'
  return { id, object, created, model, ...(withUsage ? { usage: null } : {}) }
}

export function apiError(message: string, type: string, code: string | null, param: string | null = null) {
  return { error: { message, type, param, code } }
}
