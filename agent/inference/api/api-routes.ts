import { randomInt } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import type { Sampling } from '../engine/engine'
import type { ModelMetrics } from '../model-metrics'
import type { ServedModel } from '../served-model'
import { answer } from './answer'
import { ApiError, contextExceeded, requireRoom, toApiError } from './api-error'
import { localClientsOnly } from './local-clients-only'
import type { Endpoint } from './openai-format'
import { chatBody, completionBody, messageText, onlyPrompt, type CommonBody } from './request-schema'

/** Tokens of an answer whose request does not say: OpenAI's own default, and enough for a short answer. */
const defaultMaxTokens = { completions: 16, chat: 128 } as const
const maxBodyBytes = 16 * 1024 * 1024

export function createApp(served: ServedModel, metrics: ModelMetrics): Hono {
  const app = new Hono()
  const { id } = served.engine.model
  const listed = { id, object: 'model', created: Math.floor(Date.now() / 1000), owned_by: 'skymemory' }
  app.use(localClientsOnly)
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new ApiError(413, `the body is larger than ${maxBodyBytes} bytes`)
      },
    }),
  )
  app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }))
  app.get('/v1/models', (c) => c.json({ object: 'list', data: [listed] }))
  app.get('/v1/models/:id', (c) => {
    requireModel(served, c.req.param('id'))
    return c.json(listed)
  })
  app.post('/v1/completions', async (c) => {
    const body = await readBody(c, completionBody)
    requireModel(served, body.model)
    const given = onlyPrompt(body.prompt)
    const prompt = typeof given === 'string' ? await served.engine.promptTokens(given) : given
    return ask(c, served, 'completions', body, prompt, body.max_tokens)
  })
  app.post('/v1/chat/completions', async (c) => {
    const body = await readBody(c, chatBody)
    requireModel(served, body.model)
    const messages = body.messages.map((message) => ({ role: message.role, content: messageText(message) }))
    const prompt = await served.engine.chatTokens(messages)
    return ask(c, served, 'chat', body, prompt, body.max_completion_tokens ?? body.max_tokens)
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

function ask(
  c: Context,
  served: ServedModel,
  endpoint: Endpoint,
  body: CommonBody,
  prompt: readonly number[],
  asked: number | null | undefined,
): Promise<Response> {
  const param = endpoint === 'chat' ? 'messages' : 'prompt'
  if (prompt.length === 0) throw new ApiError(400, 'the prompt has no tokens', { param })
  requireRoom(served.load)
  return answer(
    c,
    served,
    {
      prompt,
      maxTokens: outputTokens(served, prompt.length, asked ?? null, endpoint),
      stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
      sampling: samplingOf(body),
      useCache: true,
      signal: c.req.raw.signal,
    },
    { endpoint, stream: body.stream ?? false, withUsage: body.stream_options?.include_usage ?? false },
  )
}

/** @throws ApiError context_length_exceeded */
function outputTokens(
  { engine }: ServedModel,
  prompt: number,
  asked: number | null,
  endpoint: Endpoint,
): number {
  const wanted = asked ?? defaultMaxTokens[endpoint]
  const { longest } = engine.model
  if (longest === null || prompt + wanted <= longest) return wanted
  if (prompt >= longest || asked !== null) {
    const output = asked === null ? '' : ` and ${asked} output tokens were asked for`
    throw contextExceeded(
      `this model's context has room for ${longest} tokens; the prompt has ${prompt}${output}`,
      prompt >= longest ? (endpoint === 'chat' ? 'messages' : 'prompt') : 'max_tokens',
    )
  }
  return longest - prompt
}
