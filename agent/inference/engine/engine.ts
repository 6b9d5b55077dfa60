import type { ModelFacts } from '#shared/contract/agent-control'
import type { CacheNamespace } from '#shared/kvc/block-hash'
import type { PromptPart } from '#shared/workload/prompt'

/** What an engine says of the model that it runs. */
export interface ModelInfo {
  /** As clients of the API name it. */
  readonly id: string
  readonly namespace: CacheNamespace
  readonly kvcBytesPerToken: number
  /** Token at the start of every prompt; null = this model has none. */
  readonly beginOfText: number | null
  /** Tokens that it knows, numbered from 0; null = it takes any. */
  readonly vocabulary: number | null
  /** Prompt and output tokens that fit together; null = no bound. */
  readonly longest: number | null
}

export interface OutputToken {
  readonly id: number
  readonly text: string
  /** Digest of all logits that the token was chosen by, where the request asked for it. */
  readonly logits?: string
}

export interface ChatMessage {
  readonly role: string
  readonly content: string
}

/** How the next token is chosen; temperature 0 takes the likeliest one. */
export interface Sampling {
  readonly temperature: number
  readonly topP: number
  readonly seed: number
}

export const greedy: Sampling = { temperature: 0, topP: 1, seed: 0 }

export interface EngineRequest {
  readonly prompt: readonly number[]
  /** Of the prompt's full blocks, as their cached values are named. */
  readonly blockHashes: readonly Uint8Array[]
  readonly blockTokens: number
  readonly maxTokens: number
  readonly sampling: Sampling
  /** Digest the logits of every output token: for proofs, slow. */
  readonly withLogits: boolean
  readonly signal: AbortSignal
}

export interface PrefillResult {
  /** Tokens that had to be computed. */
  readonly computedTokens: number
  /** Cached blocks that the model took over: all of them, or none where there was no room to hand them over. */
  readonly restoredBlocks: number
  /** Wait until the model was free. */
  readonly waitMs: number
  /** What computing them took, without the wait for other requests. */
  readonly computeMs: number
  /** What it took to hand the cached blocks to the model; 0 without any. */
  readonly restoreMs: number
}

/**
 * One prompt on its way through the model: load the cached prefix, compute the rest, stream tokens, export new blocks.
 * Every step can be aborted through the request's signal.
 */
export interface EngineSession {
  /**
   * Load the KV of the first blocks of the prompt, whole and in order, and compute the other tokens.
   * At least one token must be left to compute.
   */
  prefill(cachedBlocks: readonly Uint8Array[]): Promise<PrefillResult>
  /** Output tokens, as they are made; after `prefill`. Ends early where the model ends its answer. */
  decode(): AsyncIterable<OutputToken>
  /**
   * The KV bytes of a full block of the prompt; after `prefill`. Some engines have them only when decoding is over; the model is free for the
   * next request as soon as they are out of it.
   */
  exportBlock(index: number): Promise<Uint8Array>
  /** Give the session's memory back; always call it. */
  close(): void
}

/** A model that can reuse KV blocks: `synthetic` or `llama`. */
export interface Engine {
  readonly model: ModelInfo
  /** What a run's manifest says of a real model; null of a synthetic one. */
  readonly facts: ModelFacts | null
  /** Tokens of a part of a prompt, without begin of text. @throws SkyError context_length_exceeded */
  tokenise(part: PromptPart): Promise<number[]>
  /** Tokens of a whole prompt, as the model's own tokenizer makes them; none for an empty text. @throws as `tokenise` */
  promptTokens(text: string): Promise<number[]>
  /** Tokens of a chat, as the model was made to read it, up to where it answers. @throws as `tokenise` */
  chatTokens(messages: readonly ChatMessage[]): Promise<number[]>
  /** @throws SkyError invalid_argument for a prompt that the model cannot take */
  open(request: EngineRequest): EngineSession
  /** Prompt tokens per second as measured over all prefills since it was opened; null before the first. */
  measuredPrefillRate(): number | null
  /** Requests that wait until the model is free. */
  readonly waiting: number
  /**
   * Bytes of a fetched block that are not what this engine would have computed; null where it cannot tell.
   * The independent check behind `wrong_bytes_served`.
   */
  countWrongBytes(blockHash: Uint8Array, bytes: Uint8Array): number | null
  /** Resolves when its memory is free again. */
  close(): Promise<void>
}
