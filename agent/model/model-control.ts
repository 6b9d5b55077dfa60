import { z } from 'zod'
import type { Contract } from '#shared/contract/rpc'

/** What the inference host asks of the process that runs the model: one model, one sequence, one request at a time. */

const done = z.null()
const nothing = z.object({})
const token = z.int().min(0)

export const modelSettings = z.object({
  modelFile: z.string().min(1),
  contextTokens: z.int().min(1),
  /** Tokens evaluated at a time: the block length, so that a prompt is cut alike with and without cached blocks. */
  batchTokens: z.int().min(1),
  kvType: z.enum(['f16', 'q8_0']),
  /** 0 = one for each core. */
  threads: z.int().min(0),
})
export type ModelSettings = z.infer<typeof modelSettings>

export const loadedModel = z.object({
  architecture: z.string(),
  /** Tokens that the context really holds: at least as many as were asked for. */
  contextTokens: z.int(),
  /** Token that stands at the start of every prompt; null = this model has none. */
  beginOfText: token.nullable(),
  hasChatTemplate: z.boolean(),
  /** Tokens that it knows, numbered from 0. */
  vocabulary: z.int(),
  threads: z.int(),
  /** Release of llama.cpp, and the parts of the processor that it uses. */
  library: z.string(),
  processor: z.string(),
})
export type LoadedModel = z.infer<typeof loadedModel>

export const chatMessage = z.object({ role: z.string(), content: z.string() })

/** How the next token is chosen: temperature 0 takes the likeliest one, whatever the rest says. */
export const sampling = z.object({
  temperature: z.number().min(0),
  topP: z.number().min(0).max(1),
  seed: z.int().min(0).max(0xffffffff),
})
export type Sampling = z.infer<typeof sampling>

export const outputToken = z.object({
  id: token,
  /** Empty while the bytes of a character are not complete. */
  text: z.string(),
  /** SHA-256 of the logits that this token was chosen by, f32 little endian in the order of the vocabulary; '' where not asked for. */
  logits: z.string(),
})

export const modelControl = {
  methods: {
    load: { params: modelSettings, result: loadedModel },
    /** Tokens of a part of a prompt, without begin of text; no text stands for a special token. */
    tokenise: {
      params: z.object({ text: z.string(), startsPrompt: z.boolean() }),
      result: z.array(token),
    },
    /** Tokens of a whole chat by the model's own template, with what makes the model answer. */
    chatTokens: { params: z.object({ messages: z.array(chatMessage).min(1) }), result: z.array(token) },
    detokenise: { params: z.object({ tokens: z.array(token) }), result: z.string() },
    /** Begin a request: forget the one before, and take over the KV of its first tokens from a state file. */
    begin: {
      params: z.object({ stateFile: z.string().nullable(), stateTokens: z.int().min(0) }),
      result: z.object({ loadMs: z.number() }),
    },
    /** Compute the next tokens of the prompt; all but its last ones, in whole batches. */
    evaluate: { params: z.object({ tokens: z.array(token).min(1) }), result: done },
    /** Compute the last tokens of the prompt, then answer with up to so many tokens, each sent as `token`. */
    generate: {
      params: z.object({
        tokens: z.array(token).min(1),
        maxTokens: z.int().min(1),
        sampling,
        withLogits: z.boolean(),
      }),
      result: z.object({ end: z.enum(['stop', 'length']) }),
    },
    /** The answer is long enough: `generate` ends after the token that is being made. */
    stop: { params: nothing, result: done },
    /** See whether blocks of the model's cache give what it computes: for architectures that nobody has proven. */
    tryCache: { params: z.object({ blockTokens: z.int().min(1), stateFile: z.string() }), result: done },
    /** Write the KV of everything that the sequence has evaluated to a file. */
    save: { params: z.object({ stateFile: z.string() }), result: z.object({ bytes: z.int() }) },
  },
  events: { token: outputToken },
} satisfies Contract
