import { randomInt, randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { streamSSE } from 'hono/streaming'
import type { z } from 'zod'
import { SkyError } from '#shared/contract/errors'
import type { CachedModel } from '../answer-request'
import type { Sampling } from '../engine/engine'
import { generate, type GenerationRequest } from './generation'
import { localClientsOnly } from './local-clients-only'
import { apiError, chunk, usageChunk, wholeAnswer, type AnswerHead, type Endpoint } from './openai-format'
import { chatBody, completionBody, messageText } from './request-schema'

const defaultMaxTokens = 128
const maxBodyBytes = 16 * 1024 * 1024

/** An OpenAI-compatible HTTP API on loopback, in front of a model with the cache. */
export class ApiServer {
  #server: Server | null = null
  #url: string | null = null

  /** Base URL for clients, or null while it is not served. */
  get url(): string | null {
    return this.#url
  }

  /** @throws SkyError port_in_use */
  async start(model: CachedModel, port: number): Promise<string> {
    const app = createApp(model)
    const server = await new Promise<Server>((resolve, reject) => {
      const created = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, () =>
        resolve(created),
      ) as Server
      created.once('error', (error: NodeJS.ErrnoException) => {
        const inUse = error.code === 'EADDRINUSE'
        const message = `the API cannot listen on port ${port}: ${error.message}`
        reject(
          new SkyError(
            inUse ? 'port_in_use' : 'internal',
            message,
            inUse ? 'Choose another port, or 0.' : '',
          ),
        )
      })
    })
    const address = server.address()
    this.#server = server
    this.#url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}/v1`
    return this.#url
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    this.#url = null
    if (server === null) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

export function createApp(model: CachedModel): Hono {
  const app = new Hono()
  const created = Math.floor(Date.now() / 1000)
  const { id } = model.engine.model
  app.use(localClientsOnly)
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: (c) =>
        c.json(apiError(`the body is larger than ${maxBodyBytes} bytes`, 'invalid_request_error', null), 413),
    }),
  )
  app.get('/v1/models', (c) =>
    c.json({ object: 'list', data: [{ id, object: 'model', created, owned_by: 'skymemory' }] }),
  )
  app.post('/v1/completions', async (c) => {
    const body = await readBody(c, completionBody)
    if (body instanceof Response) return body
    const { prompt: given } = body
    const prompt = typeof given === 'string' ? await model.engine.promptTokens(given) : given
    return answer(c, model, 'completions', body, prompt, body.max_tokens ?? 16)
  })
  app.post('/v1/chat/completions', async (c) => {
    const body = await readBody(c, chatBody)
    if (body instanceof Response) return body
    const maxTokens = body.max_completion_tokens ?? body.max_tokens ?? defaultMaxTokens
    const messages = body.messages.map((message) => ({ role: message.role, content: messageText(message) }))
    return answer(c, model, 'chat', body, await model.engine.chatTokens(messages), maxTokens)
  })
  app.notFound((c) =>
    c.json(apiError(`there is no ${c.req.method} ${c.req.path}`, 'invalid_request_error', null), 404),
  )
  app.onError((error, c) => c.json(apiError(error.message, 'server_error', null), 500))
  return app
}

async function readBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S> | Response> {
  const raw: unknown = await c.req.json().catch(() => undefined)
  if (raw === undefined)
    return c.json(apiError('the body is not valid JSON', 'invalid_request_error', null), 400)
  const body = schema.safeParse(raw)
  if (body.success) return body.data
  const message = body.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
  return c.json(apiError(message, 'invalid_request_error', null), 400)
}

interface CommonBody {
  readonly model: string
  readonly stream?: boolean | null | undefined
  readonly stream_options?: { include_usage?: boolean | null | undefined } | null | undefined
  readonly stop?: string | string[] | null | undefined
  readonly temperature?: number | null | undefined
  readonly top_p?: number | null | undefined
  readonly seed?: number | null | undefined
}

/** OpenAI's defaults; without a seed, each request has another one. */
function samplingOf({ temperature, top_p, seed }: CommonBody): Sampling {
  return { temperature: temperature ?? 1, topP: top_p ?? 1, seed: (seed ?? randomInt(2 ** 32)) >>> 0 }
}

function answer(
  c: Context,
  model: CachedModel,
  endpoint: Endpoint,
  body: CommonBody,
  prompt: readonly number[],
  maxTokens: number,
): Response | Promise<Response> {
  const { id } = model.engine.model
  if (body.model !== id) {
    const message = `the model '${body.model}' does not exist; this server runs '${id}'`
    return c.json(apiError(message, 'invalid_request_error', 'model_not_found'), 404)
  }
  if (prompt.length === 0)
    return c.json(apiError('the prompt has no tokens', 'invalid_request_error', null), 400)
  const head: AnswerHead = {
    endpoint,
    id: `${endpoint === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`,
    model: id,
    created: Math.floor(Date.now() / 1000),
  }
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? [])
  const sampling = samplingOf(body)
  const request: GenerationRequest = { prompt, maxTokens, stop, sampling, signal: c.req.raw.signal }
  if (body.stream) return streamed(c, model, head, request, body.stream_options?.include_usage ?? false)
  return whole(c, model, head, request)
}

async function whole(
  c: Context,
  model: CachedModel,
  head: AnswerHead,
  request: GenerationRequest,
): Promise<Response> {
  let text = ''
  for await (const event of generate(model, request)) {
    if (event.kind === 'text') text += event.text
    else if (event.kind === 'end') return c.json(wholeAnswer(head, text, event.reason, event.measurement))
    else
      return c.json(
        apiError(failureText(event.measurement.errorCode), 'server_error', event.measurement.errorCode),
        500,
      )
  }
  throw new SkyError('internal', 'the answer ended without an end')
}

function streamed(
  c: Context,
  model: CachedModel,
  head: AnswerHead,
  request: GenerationRequest,
  includeUsage: boolean,
): Response {
  return streamSSE(c, async (stream) => {
    const gone = new AbortController()
    stream.onAbort(() => gone.abort(new Error('the client has gone')))
    const signal = AbortSignal.any([request.signal, gone.signal])
    const send = (data: unknown): Promise<void> => stream.writeSSE({ data: JSON.stringify(data) })
    for await (const event of generate(model, { ...request, signal })) {
      if (event.kind === 'text') await send(chunk(head, event.text, null))
      else if (event.kind === 'end') {
        await send(chunk(head, null, event.reason))
        if (includeUsage) await send(usageChunk(head, event.measurement))
      } else {
        await send(
          apiError(failureText(event.measurement.errorCode), 'server_error', event.measurement.errorCode),
        )
      }
    }
    await stream.writeSSE({ data: '[DONE]' })
  })
}

const failureText = (code: string | null): string => `the request failed (${code ?? 'unknown'})`
