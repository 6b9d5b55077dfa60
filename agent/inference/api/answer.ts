import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { SkyError } from '#shared/contract/errors'
import type { GenerationEvent, GenerationRequest, ServedModel } from '../served-model'
import { apiErrorOf } from './api-error'
import { chunk, usageChunk, wholeAnswer, type AnswerHead, type Endpoint } from './openai-format'

export interface AnswerForm {
  readonly endpoint: Endpoint
  readonly stream: boolean
  readonly withUsage: boolean
}

/** What a client is told; how it came to be is not part of the OpenAI API. */
type ToldEvent = Extract<GenerationEvent, { kind: 'text' | 'end' | 'failed' }>

/** Answers as a whole or as a stream. What fails before the first token is answered with its status either way. @throws ApiError */
export async function answer(
  c: Context,
  served: ServedModel,
  request: GenerationRequest,
  { endpoint, stream, withUsage }: AnswerForm,
): Promise<Response> {
  const head: AnswerHead = {
    endpoint,
    id: `${endpoint === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`,
    model: served.engine.model.id,
    created: Math.floor(Date.now() / 1000),
    withUsage,
  }
  if (!stream) return whole(c, head, told(served.generate(request)))
  const gone = new AbortController()
  const signal = AbortSignal.any([request.signal, gone.signal])
  const events = told(served.generate({ ...request, signal }))
  const first = await events.next()
  if (first.done) throw new SkyError('internal', 'the answer ended without an end')
  if (first.value.kind === 'failed') throw apiErrorOf(first.value.error)
  return streamed(c, head, follow(first.value, events), gone)
}

async function whole(c: Context, head: AnswerHead, events: AsyncGenerator<ToldEvent>): Promise<Response> {
  let text = ''
  for await (const event of events) {
    if (event.kind === 'text') text += event.text
    else if (event.kind === 'end') return c.json(wholeAnswer(head, text, event.reason, event.measurement))
    else throw apiErrorOf(event.error)
  }
  throw new SkyError('internal', 'the answer ended without an end')
}

function streamed(
  c: Context,
  head: AnswerHead,
  events: AsyncGenerator<ToldEvent>,
  gone: AbortController,
): Response {
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => gone.abort(new Error('the client has gone')))
    const send = (data: unknown): Promise<void> => stream.writeSSE({ data: JSON.stringify(data) })
    let isFirst = true
    for await (const event of events) {
      if (event.kind === 'text') await send(chunk(head, event.text, null, isFirst))
      else if (event.kind === 'end') {
        await send(chunk(head, null, event.reason, isFirst))
        if (head.withUsage) await send(usageChunk(head, event.measurement))
      } else await send(apiErrorOf(event.error).body)
      isFirst = false
    }
    await stream.writeSSE({ data: '[DONE]' })
  })
}

async function* told(events: AsyncGenerator<GenerationEvent>): AsyncGenerator<ToldEvent> {
  for await (const event of events) {
    if (event.kind === 'text' || event.kind === 'end' || event.kind === 'failed') yield event
    // The client does not wait until the blocks are stored.
    if (event.kind === 'end') return
  }
}

async function* follow(first: ToldEvent, rest: AsyncGenerator<ToldEvent>): AsyncGenerator<ToldEvent> {
  try {
    yield first
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
