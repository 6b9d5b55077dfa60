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
  /** Keys and values of a full context: taken whole when the model is loaded. */
  readonly cache: number
  /** What computing a batch behind a full context takes. */
  readonly compute: number
  /** Of a full context's keys and values, while blocks are stored or restored. */
  readonly copies: number
  /** Node, llama.cpp and the vocabulary. */
  readonly program: number
  readonly total: number
}

/** Results are computed in f32, the mask of attention is kept in f16. */
const valueBytes = 4
const maskBytes = 2
/** Blocks on the host, and the state file in memory through which they pass to the model and back. */
const copiesOfCache = 2
/** Of the process, with what JavaScript leaves for its garbage collector. */
const programBytes = 150e6
/** The token's text in JavaScript and in llama.cpp, with the ways to find it. */
const bytesPerWord = 1_000

/**
 * Memory that a model needs, on the safe side, from its shape alone. With flash attention, which every model is run with, no scores of
 * attention are kept: of what computing takes, only the mask grows with the context. Only the last token of a batch gets logits.
 *
 * Held against the resident memory of processes that had loaded their file without mapping it (docs/decisions/0143-memory-needed.md): within
 * 0.95 and 1.35 times of what was measured, without the copies. A file that is mapped counts once here as well: pages that were
 * repacked, or are not needed now, are given back where memory is short.
 */
export function memoryNeeded(
  shape: ModelShape,
  { kvType, contextTokens, batchTokens }: ModelUse,
): MemoryNeeded {
  const batch = Math.min(batchTokens, contextTokens)
  const aToken = (8 * shape.width + 3 * shape.feedForward) * valueBytes + contextTokens * maskBytes
  const weights = shape.tensorBytes
  const cache = kvcBytesPerToken(shape, kvType) * contextTokens
  const compute = aToken * batch + shape.vocabulary * valueBytes
  const copies = copiesOfCache * cache
  const program = programBytes + shape.vocabulary * bytesPerWord
  return { weights, cache, compute, copies, program, total: weights + cache + compute + copies + program }
}
