import { z } from 'zod'
import { parameterValues } from '../experiment/parameters'
import { requestRecord, route } from '../experiment/records'
import { labName } from '../inventory/inventory'

/**
 * The part of the console's contract about talking to the model that is served (`serveApi`). Composed into `consoleApi`; the inference
 * host answers `chat` in the same form.
 */

const nothing = z.object({})
const milliseconds = z.number()

export const chatMessage = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })
export type ChatMessage = z.infer<typeof chatMessage>

export const chatRequest = z.object({
  /** Chosen by the caller: events name it. */
  chatId: z.string().min(1).max(100),
  messages: z.array(chatMessage).min(1),
  maxTokens: z.int().min(1).max(100_000),
  /** 0 = always the likeliest token. */
  temperature: z.number().min(0).max(2),
  topP: z.number().gt(0).max(1),
  /** Unsigned 32 bit. */
  seed: z.int().min(0).max(0xffffffff),
  /** False: the prompt is computed as if nothing were cached, and nothing is stored. */
  useCache: z.boolean(),
})
export type ChatRequest = z.infer<typeof chatRequest>

/** What the sky gave for a prompt. */
const fetched = z.object({
  promptTokens: z.int(),
  /** Full blocks of the prompt. */
  blocks: z.int(),
  blocksHit: z.int(),
  cachedTokens: z.int(),
  chunksFetched: z.int(),
  /** hopsHistogram[h] = chunks whose request traversed h links, one way. */
  hopsHistogram: z.array(z.int()),
  bytesRead: z.int(),
  /** Null = nothing was asked. */
  lookupMs: milliseconds.nullable(),
  getMs: milliseconds.nullable(),
  propagationMs: milliseconds.nullable(),
  /** One path for every server that sent chunks. */
  routes: z.array(route),
})

export const chatProgress = z.discriminatedUnion('kind', [
  fetched.extend({ kind: z.literal('fetched') }),
  z.object({ kind: z.literal('prefilled'), computeMs: milliseconds, restoreMs: milliseconds }),
  z.object({ kind: z.literal('text'), text: z.string() }),
])
export type ChatProgress = z.infer<typeof chatProgress>

export const chatAnswer = z.object({
  text: z.string(),
  /** `stopped`: the caller cancelled it when it had begun. What was made until then is measured, and its prompt stored. */
  finish: z.enum(['stop', 'length', 'stopped']),
  /** As of a request of an experiment. */
  measurement: requestRecord.omit({ kind: true, requestId: true, sessionId: true, turn: true }),
  /** Wait for other requests before anything was done; a part of TTFT. */
  queueMs: milliseconds,
})
export type ChatAnswer = z.infer<typeof chatAnswer>

export const chatEvent = z.object({ chatId: z.string(), progress: chatProgress })
export type ChatEvent = z.infer<typeof chatEvent>

export const chatModel = z.object({
  /** As parameters and API clients call it. */
  name: z.string(),
  bytes: z.number(),
  /** Why it cannot be used as it is; null = it can. */
  problem: z.string().nullable(),
})
export type ChatModel = z.infer<typeof chatModel>

export const chatApi = {
  methods: {
    /** Models that a lab's inference host can load by their name: for the local lab those of this computer. */
    chatModels: { params: z.object({ lab: labName }), result: z.array(chatModel) },
    /** With which parameters the API is served now; null = it is not served, or this program did not start it. */
    servedModel: { params: nothing, result: parameterValues.nullable() },
    /**
     * Ask the served model. The answer comes as `chatProgress` while it is made, and as a whole in the end. Cancelling the call ends the
     * answer: with what there is (`stopped`), or with `cancelled` before its first token.
     */
    chat: { params: chatRequest, result: chatAnswer },
  },
  events: {
    chatProgress: chatEvent,
  },
}
