import { createCipheriv } from 'node:crypto'
import { SkyError } from '#shared/contract/errors'
import { sleepUntil } from '../../clock/wait'
import type { Engine, EngineSession, ModelInfo, OutputToken, PrefillResult } from './engine'
import { beginOfText, detokenise, tokenise } from '#shared/workload/llama-tokenizer'
import { quotedAnswer, syntheticNamespace } from '#shared/engine/synthetic-answer'
import { prefillSeconds, type SyntheticProfile } from '#shared/engine/synthetic-profile'

export interface SyntheticOptions extends SyntheticProfile {
  readonly kvcBytesPerToken: number
}

/**
 * An engine without a model: it takes the time that its profile states, and its KV bytes are the AES-128-CTR key stream
 * of the block's hash, so that every fetched byte can be checked. Its answers quote the prompt, chosen by the prompt's hash.
 *
 * Prefills run one after another, as on one accelerator; decoding runs beside them, as in a batch.
 */
export class SyntheticEngine implements Engine {
  readonly model: ModelInfo
  readonly #options: SyntheticOptions
  #prefillQueue: Promise<unknown> = Promise.resolve()
  #computedTokens = 0
  #computeMs = 0

  constructor(options: SyntheticOptions) {
    this.#options = options
    this.model = {
      id: 'synthetic',
      namespace: syntheticNamespace(options.kvcBytesPerToken),
      kvcBytesPerToken: options.kvcBytesPerToken,
      beginOfText,
    }
  }

  tokenise(text: string): number[] {
    return tokenise(text)
  }

  detokenise(tokens: readonly number[]): string {
    return detokenise(tokens)
  }

  open(
    prompt: readonly number[],
    blockHashes: readonly Uint8Array[],
    blockTokens: number,
    signal: AbortSignal,
  ): EngineSession {
    if (prompt.length === 0)
      throw new SkyError('invalid_argument', 'the prompt has no tokens', 'Send some text.')
    return new SyntheticSession(this, { prompt, blockHashes, blockTokens, signal })
  }

  measuredPrefillRate(): number | null {
    return this.#computeMs === 0 ? null : this.#computedTokens / (this.#computeMs / 1000)
  }

  countWrongBytes(blockHash: Uint8Array, bytes: Uint8Array): number {
    const expected = blockBytes(blockHash, bytes.byteLength)
    if (expected.equals(bytes)) return 0
    return expected.reduce((wrong, byte, i) => wrong + (byte === bytes[i] ? 0 : 1), 0)
  }

  exportBlock(blockHash: Uint8Array, blockTokens: number): Uint8Array {
    return blockBytes(blockHash, blockTokens * this.#options.kvcBytesPerToken)
  }

  get profile(): SyntheticProfile {
    return this.#options
  }

  /** Waits for its turn, then for as long as the profile says. */
  prefill(promptTokens: number, cachedTokens: number, signal: AbortSignal): Promise<PrefillResult> {
    const turn = this.#prefillQueue.then(async () => {
      const start = performance.now()
      await sleepUntil(start + prefillSeconds(this.#options, promptTokens, cachedTokens) * 1000, signal)
      const result = { computedTokens: promptTokens - cachedTokens, computeMs: performance.now() - start }
      this.#computedTokens += result.computedTokens
      this.#computeMs += result.computeMs
      return result
    })
    this.#prefillQueue = turn.catch(() => undefined)
    return turn
  }
}

interface Prompt {
  readonly prompt: readonly number[]
  readonly blockHashes: readonly Uint8Array[]
  readonly blockTokens: number
  readonly signal: AbortSignal
}

class SyntheticSession implements EngineSession {
  readonly #engine: SyntheticEngine
  readonly #request: Prompt

  constructor(engine: SyntheticEngine, request: Prompt) {
    this.#engine = engine
    this.#request = request
  }

  prefill(cachedBlocks: readonly Uint8Array[]): Promise<PrefillResult> {
    const { prompt, blockTokens, signal } = this.#request
    const cachedTokens = cachedBlocks.length * blockTokens
    if (cachedTokens >= prompt.length) {
      throw new SkyError('internal', 'a prompt needs at least one token that is not cached')
    }
    return this.#engine.prefill(prompt.length, cachedTokens, signal)
  }

  exportBlock(index: number): Uint8Array {
    const hash = this.#request.blockHashes[index]
    if (hash === undefined) throw new SkyError('internal', `the prompt has no block ${index}`)
    return this.#engine.exportBlock(hash, this.#request.blockTokens)
  }

  async *decode(maxTokens: number): AsyncGenerator<OutputToken> {
    const { prompt, signal } = this.#request
    const answer = quotedAnswer(prompt, maxTokens)
    const intervalMs = 1000 / this.#engine.profile.decodeTokensPerS
    const start = performance.now()
    for (let i = 0; i < answer.length; i++) {
      await sleepUntil(start + i * intervalMs, signal)
      const id = answer[i] as number
      yield { id, text: this.#engine.detokenise([id]) }
    }
  }

  close(): void {
    // Nothing is held: the bytes of a block follow from its hash.
  }
}

/** The KV bytes that stand for a block: the key stream of its hash. */
export function blockBytes(blockHash: Uint8Array, byteLength: number): Buffer {
  const cipher = createCipheriv('aes-128-ctr', blockHash.subarray(0, 16), blockHash.subarray(16, 32))
  return cipher.update(Buffer.alloc(byteLength))
}
