import { kvcBytesPerToken, type KvType } from './kvc-bytes'
import type { ModelShape } from './model-shape'

/** How a model is to be run. */
export interface ModelUse {
  readonly kvType: KvType
  /** Tokens of the context: prompt and output. */
  readonly contextTokens: number
  /** Tokens that are computed at a time: a block. */
  readonly batchTokens: number
}

/** Memory that running a model takes, bytes. */
export interface MemoryNeeded {
  /** All tensors of the file. */
  readonly weights: number
  /** Keys and values of a full context. */
  readonly cache: number
  /** An estimate, on the safe side, of what computing a batch takes. */
  readonly compute: number
  /** Of the process itself: Node and llama.cpp take about 90 MB before a model is loaded. */
  readonly program: number
  readonly total: number
}

const programBytes = 100e6
/** Results are computed in f32. */
const valueBytes = 4

/**
 * Weights, cache, buffers and the program. The compute buffer is estimated from what is alive at the same time at most: the logits of a
 * batch, some states, the feed-forward part, and the attention scores of all heads over the whole context, as they are without
 * flash attention. TinyLlama-1.1B in q4_0 with 4,096 tokens at f16 and batches of 128: 911 MB, of which 859 MB were measured.
 */
export function memoryNeeded(
  shape: ModelShape,
  { kvType, contextTokens, batchTokens }: ModelUse,
): MemoryNeeded {
  const aToken = shape.vocabulary + 8 * shape.width + 3 * shape.feedForward + shape.heads * contextTokens
  const weights = shape.tensorBytes
  const cache = kvcBytesPerToken(shape, kvType) * contextTokens
  const compute = aToken * batchTokens * valueBytes
  return { weights, cache, compute, program: programBytes, total: weights + cache + compute + programBytes }
}
