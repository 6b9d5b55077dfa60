import type { CacheNamespace } from '#shared/kvc/block-hash'

/** What an engine says of the model that it runs. */
export interface ModelInfo {
  /** As clients of the API name it. */
  readonly id: string
  readonly namespace: CacheNamespace
  readonly kvcBytesPerToken: number
  readonly beginOfText: number
}

export interface OutputToken {
  readonly id: number
  readonly text: string
}

export interface PrefillResult {
  /** Tokens that had to be computed. */
  readonly computedTokens: number
  /** What computing them took, without the wait for other requests. */
  readonly computeMs: number
}

/**
 * One prompt on its way through the model: load the cached prefix, compute the rest, export new blocks, stream tokens.
 * The steps come in this order; every one of them can be aborted through the signal given to `open`.
 */
export interface EngineSession {
  /**
   * Load the KV of the first blocks of the prompt, whole and in order, and compute the other tokens.
   * At least one token must be left to compute.
   */
  prefill(cachedBlocks: readonly Uint8Array[]): Promise<PrefillResult>
  /** The KV bytes of a full block of the prompt; after `prefill`. */
  exportBlock(index: number): Uint8Array
  /** Output tokens, as they are made; after `prefill`. */
  decode(maxTokens: number): AsyncIterable<OutputToken>
  /** Give the session's memory back; always call it. */
  close(): void
}

/** A model that can reuse KV blocks. The first is `synthetic`; real ones fit the same steps. */
export interface Engine {
  readonly model: ModelInfo
  tokenise(text: string): number[]
  detokenise(tokens: readonly number[]): string
  /** @param blockHashes of the prompt's full blocks, as their cached values are named */
  open(
    prompt: readonly number[],
    blockHashes: readonly Uint8Array[],
    blockTokens: number,
    signal: AbortSignal,
  ): EngineSession
  /** Prompt tokens per second as measured so far over all prefills; null before the first. */
  measuredPrefillRate(): number | null
  /**
   * Bytes of a fetched block that are not what this engine would have computed; null where it cannot tell.
   * The independent check behind `wrong_bytes_served`.
   */
  countWrongBytes(blockHash: Uint8Array, bytes: Uint8Array): number | null
}
