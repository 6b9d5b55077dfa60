import { randomInt } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import type { Sampling } from '../engine/engine'
import { strangeToken } from '../engine/strange-token'
import type { ModelMetrics } from '../model-metrics'
import type { ServedModel } from '../served-model'
import { answer } from './answer'
import { ApiError, blaming, contextExceeded, requireRoom, toApiError } from './api-error'
import { HttpMetrics } from './http-metrics'
import { localClientsOnly } from './local-clients-only'
import type { Endpoint } from './openai-format'
import { chatBody, completionBody, messageText, onlyPrompt, type CommonBody } from './request-schema'
import { refuseUnsupported } from './unsupported-parameters'

/** Tokens of an answer whose request does not say: OpenAI's own default, and enough for a short answer. */
const defaultMaxTokens = { completions: 16, chat: 128 } as const
/** Output tokens of a model whose context has no bound. */
const mostUnbounded = 100_000
const maxBodyBytes = 16 * 1024 * 1024

export function createApp(served: ServedModel, metrics: ModelMetrics): Hono {
  const app = new Hono()
  const { id } = served.engine.model
  const listed = { id, object: 'model', created: Math.floor(Date.now() / 1000), owned_by: 'skymemory' }
  const http = new HttpMetrics()
  app.use(http.count)
  app.use(localClientsOnly)
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new ApiError(413, `the body is larger than ${maxBodyBytes} bytes`)
      },
    }),
  )
  app.get('/metrics', async (c) => {
    const text = `${await metrics.text()}\n${await http.text()}`
    return c.body(text, 200, { 'content-type': metrics.contentType })
  })
  app.get('/v1/models', (c) => c.json({ object: 'list', data: [listed] }))
  app.get('/v1/models/:id', (c) => {
    requireModel(served, c.req.param('id'))
    return c.json(listed)
  })
  app.post('/v1/completions', async (c) => {
    const body = await readBody(c, completionBody)
    requireModel(served, body.model)
    const given = onlyPrompt(body.prompt)
    const prompt =
      typeof given === 'string' ? await blaming('prompt', served.engine.promptTokens(given)) : given
    return ask(c, served, body, { endpoint: 'completions', prompt, limit: 'max_tokens' })
  })
  app.post('/v1/chat/completions', async (c) => {
    const body = await readBody(c, chatBody)
    requireModel(served, body.model)
    const messages = body.messages.map((message) => ({ role: message.role, content: messageText(message) }))
    const prompt = await blaming('messages', served.engine.chatTokens(messages))
    const limit = typeof body.max_completion_tokens === 'number' ? 'max_completion_tokens' : 'max_tokens'
    return ask(c, served, body, { endpoint: 'chat', prompt, limit })
  })
  app.notFound((c) => c.json(new ApiError(404, `there is no ${c.req.method} ${c.req.path}`).body, 404))
  app.onError((error, c) => {
    const { body, status } = toApiError(error)
    return c.json(body, status)
  })
  return app
}

/** @throws ApiError 400 */
async function readBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  const raw: unknown = await c.req.json().catch(() => undefined)
  if (raw === undefined) throw new ApiError(400, 'the body is not valid JSON')
  if (typeof raw === 'object' && raw !== null) refuseUnsupported(raw)
  const body = schema.safeParse(raw)
  if (body.success) return body.data
  const message = body.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
  throw new ApiError(400, message, { param: body.error.issues[0]?.path[0]?.toString() ?? null })
}

/** @throws ApiError 404 */
function requireModel({ engine }: ServedModel, asked: string): void {
  const { id } = engine.model
  if (asked === id || asked === engine.facts?.name) return
  const message = `the model '${asked}' does not exist; this server runs '${id}'`
  throw new ApiError(404, message, { code: 'model_not_found', param: 'model' })
}

/** OpenAI's defaults; without a seed, each request has another one. */
function samplingOf({ temperature, top_p, seed }: CommonBody): Sampling {
  return { temperature: temperature ?? 1, topP: top_p ?? 1, seed: (seed ?? randomInt(2 ** 32)) >>> 0 }
}

interface Asked {
  readonly endpoint: Endpoint
  readonly prompt: readonly number[]
  /** The parameter that bounds the answer. */
  readonly limit: 'max_tokens' | 'max_completion_tokens'
}

function ask(
  c: Context,
  served: ServedModel,
  body: CommonBody & { readonly max_completion_tokens?: number | null | undefined },
  asked: Asked,
): Promise<Response> {
  requirePrompt(served, asked)
  const maxTokens = outputTokens(served, asked, body[asked.limit] ?? null)
  requireRoom(served.load)
  return answer(
    c,
    served,
    {
      prompt: asked.prompt,
      maxTokens,
      stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
      sampling: samplingOf(body),
      useCache: true,
      signal: c.req.raw.signal,
    },
    {
      endpoint: asked.endpoint,
      stream: body.stream ?? false,
      withUsage: body.stream_options?.include_usage ?? false,
    },
  )
}

const promptParam = ({ endpoint }: Asked): string => (endpoint === 'chat' ? 'messages' : 'prompt')

/** @throws ApiError 400 for no tokens, or one that the model does not have */
function requirePrompt({ engine }: ServedModel, asked: Asked): void {
  const param = promptParam(asked)
  if (asked.prompt.length === 0) throw new ApiError(400, 'the prompt has no tokens', { param })
  const strange = strangeToken(engine.model, asked.prompt)
  if (strange !== null) throw new ApiError(400, strange, { code: 'invalid_argument', param })
}

/** @throws ApiError context_length_exceeded */
function outputTokens({ engine }: ServedModel, asked: Asked, wanted: number | null): number {
  const prompt = asked.prompt.length
  const tokens = wanted ?? defaultMaxTokens[asked.endpoint]
  const { longest } = engine.model
  if (longest === null) {
    if (tokens <= mostUnbounded) return tokens
    const message = `${asked.limit} is ${tokens}: an answer has at most ${mostUnbounded} tokens`
    throw new ApiError(400, message, { param: asked.limit })
  }
  if (prompt + tokens <= longest) return tokens
  if (prompt >= longest || wanted !== null) {
    const output = wanted === null ? '' : ` and ${wanted} output tokens were asked for`
    throw contextExceeded(
      `this model's context has room for ${longest} tokens; the prompt has ${prompt}${output}`,
      prompt >= longest ? promptParam(asked) : asked.limit,
    )
  }
  return longest - prompt
}
