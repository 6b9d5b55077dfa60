import { createCipheriv } from 'node:crypto'
import { SkyError } from '#shared/contract/errors'
import { sleepUntil } from '../../clock/wait'
import { answerOpening, chatMessageText } from '#shared/workload/chat-text'
import type {
  ChatMessage,
  Engine,
  EngineRequest,
  EngineSession,
  ModelInfo,
  OutputToken,
  PrefillResult,
} from './engine'
import type { PromptPart } from '#shared/workload/prompt'
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
  readonly facts = null
  readonly #options: SyntheticOptions
  #prefillQueue: Promise<unknown> = Promise.resolve()
  #inQueue = 0
  #computedTokens = 0
  #computeMs = 0

  constructor(options: SyntheticOptions) {
    this.#options = options
    this.model = {
      id: 'synthetic',
      namespace: syntheticNamespace(options.kvcBytesPerToken),
      kvcBytesPerToken: options.kvcBytesPerToken,
      beginOfText,
      vocabulary: null,
      longest: null,
    }
  }

  tokenise({ text }: PromptPart): Promise<number[]> {
    return Promise.resolve(tokenise(text))
  }

  promptTokens(text: string): Promise<number[]> {
    const tokens = tokenise(text)
    return Promise.resolve(tokens.length === 0 ? [] : [beginOfText, ...tokens])
  }

  /**
   * Each message is tokenised by itself, so that a longer chat begins with exactly the tokens of the shorter one and its
   * blocks are found again.
   */
  chatTokens(messages: readonly ChatMessage[]): Promise<number[]> {
    const turns = messages.flatMap(({ role, content }) => tokenise(chatMessageText(role, content)))
    return Promise.resolve([beginOfText, ...turns, ...tokenise(answerOpening)])
  }

  open(request: EngineRequest): EngineSession {
    if (request.prompt.length === 0)
      throw new SkyError('invalid_argument', 'the prompt has no tokens', 'Send some text.')
    return new SyntheticSession(this, request)
  }

  measuredPrefillRate(): number | null {
    return this.#computeMs === 0 ? null : this.#computedTokens / (this.#computeMs / 1000)
  }

  /** One of them computes. */
  get waiting(): number {
    return Math.max(0, this.#inQueue - 1)
  }

  countWrongBytes(blockHash: Uint8Array, bytes: Uint8Array): number {
    const expected = blockBytes(blockHash, bytes.byteLength)
    if (expected.equals(bytes)) return 0
    return expected.reduce((wrong, byte, i) => wrong + (byte === bytes[i] ? 0 : 1), 0)
  }

  exportBlock(blockHash: Uint8Array, blockTokens: number): Uint8Array {
    return blockBytes(blockHash, blockTokens * this.#options.kvcBytesPerToken)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  get profile(): SyntheticProfile {
    return this.#options
  }

  /** Waits for its turn, then for as long as the profile says. */
  prefill(
    promptTokens: number,
    cachedBlocks: number,
    cachedTokens: number,
    signal: AbortSignal,
  ): Promise<PrefillResult> {
    const asked = performance.now()
    this.#inQueue += 1
    const turn = this.#prefillQueue.then(async () => {
      const start = performance.now()
      await sleepUntil(start + prefillSeconds(this.#options, promptTokens, cachedTokens) * 1000, signal)
      const computeMs = performance.now() - start
      const computedTokens = promptTokens - cachedTokens
      const result = {
        computedTokens,
        restoredBlocks: cachedBlocks,
        waitMs: start - asked,
        computeMs,
        restoreMs: 0,
      }
      this.#computedTokens += computedTokens
      this.#computeMs += result.computeMs
      return result
    })
    this.#prefillQueue = turn.catch(() => undefined).finally(() => (this.#inQueue -= 1))
    return turn
  }
}

class SyntheticSession implements EngineSession {
  readonly #engine: SyntheticEngine
  readonly #request: EngineRequest

  constructor(engine: SyntheticEngine, request: EngineRequest) {
    this.#engine = engine
    this.#request = request
  }

  prefill(cachedBlocks: readonly Uint8Array[]): Promise<PrefillResult> {
    const { prompt, blockTokens, signal } = this.#request
    const cachedTokens = cachedBlocks.length * blockTokens
    if (cachedTokens >= prompt.length) {
      throw new SkyError('internal', 'a prompt needs at least one token that is not cached')
    }
    return this.#engine.prefill(prompt.length, cachedBlocks.length, cachedTokens, signal)
  }

  exportBlock(index: number): Promise<Uint8Array> {
    const hash = this.#request.blockHashes[index]
    if (hash === undefined) throw new SkyError('internal', `the prompt has no block ${index}`)
    return Promise.resolve(this.#engine.exportBlock(hash, this.#request.blockTokens))
  }

  async *decode(): AsyncGenerator<OutputToken> {
    const { prompt, maxTokens, signal } = this.#request
    const answer = quotedAnswer(prompt, maxTokens)
    const intervalMs = 1000 / this.#engine.profile.decodeTokensPerS
    const start = performance.now()
    for (let i = 0; i < answer.length; i++) {
      await sleepUntil(start + i * intervalMs, signal)
      const id = answer[i] as number
      yield { id, text: detokenise([id]) }
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
