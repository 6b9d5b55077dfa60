import { createHash } from 'node:crypto'
import type { LlamaContext, LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp'
import type { z } from 'zod'
import { SkyError } from '#shared/contract/errors'
import { asInstalled, type LlamaModule } from './llama-library'
import type { LoadedModel, modelControl, ModelSettings, outputToken } from './model-control'
import { TextStream } from './text-stream'
import { Tokenizer } from './tokenizer'

type Params<M extends keyof typeof modelControl.methods> = z.infer<(typeof modelControl.methods)[M]['params']>
type OutputToken = z.infer<typeof outputToken>

/** Cells that must stay free behind prompt and answer, so that llama.cpp never shifts the context: shifted KV is of no use. */
export const spareTokens = 2

/**
 * A model of llama.cpp with one context of one sequence. Batches have the length of a block and begin at a block's boundary:
 * so the same tokens give the same logits to the last bit, however many blocks came out of the cache.
 */
export class LoadedLlama {
  readonly tokenizer: Tokenizer
  readonly #model: LlamaModel
  readonly #context: LlamaContext
  readonly #sequence: LlamaContextSequence
  readonly #about: Pick<LoadedModel, 'library' | 'processor'>
  #stopped = false

  private constructor(
    model: LlamaModel,
    context: LlamaContext,
    about: Pick<LoadedModel, 'library' | 'processor'>,
  ) {
    this.#model = model
    this.#context = context
    this.#sequence = context.getSequence()
    this.#about = about
    this.tokenizer = new Tokenizer(model, this.#sequence.contextSize - spareTokens)
  }

  /** @throws SkyError engine_failed with what llama.cpp said */
  static async load(library: LlamaModule, settings: ModelSettings): Promise<LoadedLlama> {
    const said: string[] = []
    try {
      const llama = await library.getLlama({
        ...asInstalled,
        logLevel: library.LlamaLogLevel.warn,
        logger: (_level, message) => void said.push(message.trim()),
        ...(settings.threads === 0 ? {} : { maxThreads: settings.threads }),
      })
      const model = await llama.loadModel({ modelPath: settings.modelFile })
      const type = settings.kvType === 'f16' ? 'F16' : 'Q8_0'
      const context = await model.createContext({
        sequences: 1,
        contextSize: settings.contextTokens,
        batchSize: settings.batchTokens,
        flashAttention: true,
        experimentalKvCacheKeyType: type,
        experimentalKvCacheValueType: type,
        threads: settings.threads === 0 ? llama.cpuMathCores : settings.threads,
      })
      const library_ = `node-llama-cpp ${(await library.getModuleVersion()) ?? ''}, llama.cpp ${llama.llamaCppRelease.release}`
      return new LoadedLlama(model, context, { library: library_, processor: llama.systemInfo })
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown)
      const why = [message, ...said.slice(-3)].join('; ')
      throw new SkyError('engine_failed', `${settings.modelFile} cannot be loaded: ${why}`, '', { said })
    }
  }

  describe(): LoadedModel {
    const { metadata } = this.#model.fileInfo
    return {
      architecture: metadata.general.architecture,
      contextTokens: this.#sequence.contextSize,
      beginOfText: this.#model.tokens.shouldPrependBosToken ? this.#model.tokens.bos : null,
      hasChatTemplate: metadata.tokenizer?.chat_template !== undefined,
      vocabulary: metadata.tokenizer.ggml.tokens.length,
      threads: this.#context.currentThreads,
      ...this.#about,
    }
  }

  detokenise(tokens: readonly number[]): string {
    return this.#model.detokenize(tokens as Token[])
  }

  /** @throws SkyError engine_failed when the file holds another number of tokens */
  async begin(stateFile: string | null, stateTokens: number): Promise<{ loadMs: number }> {
    this.#stopped = false
    const started = performance.now()
    await this.#sequence.clearHistory()
    if (stateFile !== null) {
      await this.#sequence.loadStateFromFile(stateFile, { acceptRisk: true })
      if (this.#sequence.nextTokenIndex !== stateTokens) {
        const held = this.#sequence.nextTokenIndex
        await this.#sequence.clearHistory()
        throw new SkyError('engine_failed', `the state holds ${held} tokens instead of ${stateTokens}`)
      }
    }
    return { loadMs: performance.now() - started }
  }

  async evaluate(tokens: readonly number[]): Promise<void> {
    this.#requireRoom(tokens.length)
    await this.#sequence.evaluateWithoutGeneratingNewTokens(tokens as Token[])
  }

  async generate(
    { tokens, maxTokens, sampling, withLogits }: Params<'generate'>,
    onToken: (token: OutputToken) => void,
  ): Promise<{ end: 'stop' | 'length' }> {
    this.#requireRoom(tokens.length + maxTokens)
    const text = new TextStream((pending, before) =>
      this.#model.detokenize(pending as Token[], false, before as Token[]),
    )
    const made = withLogits ? this.#evaluateWithLogits(tokens) : this.#evaluate(tokens, sampling)
    let count = 0
    for await (const { id, logits } of made) {
      count += 1
      const last = count === maxTokens
      onToken({ id, text: text.push(id, last), logits })
      if (last || this.#stopped) return { end: 'length' }
    }
    return { end: 'stop' }
  }

  stop(): void {
    this.#stopped = true
  }

  async save(stateFile: string): Promise<{ bytes: number }> {
    const { fileSize } = await this.#sequence.saveStateToFile(stateFile)
    return { bytes: fileSize }
  }

  async *#evaluate(
    tokens: readonly number[],
    { temperature, topP, seed }: Params<'generate'>['sampling'],
  ): AsyncGenerator<{ id: number; logits: string }> {
    const options = temperature === 0 ? { temperature: 0 } : { temperature, topP, topK: 0, minP: 0, seed }
    for await (const id of this.#sequence.evaluate(tokens as Token[], options)) yield { id, logits: '' }
  }

  /** The likeliest tokens, with a digest of all logits behind each: slower, for proofs. */
  async *#evaluateWithLogits(tokens: readonly number[]): AsyncGenerator<{ id: number; logits: string }> {
    let input = tokens as Token[]
    for (;;) {
      const last = input.length - 1
      const options = { generateNext: { token: true, logits: true, options: { temperature: 0 } } } as const
      const results = await this.#sequence.controlledEvaluate(
        input.map((token, i) => (i === last ? [token, options] : token)),
      )
      const next = results[last]?.next
      if (typeof next?.token !== 'number' || next.logits === undefined) {
        throw new SkyError('engine_failed', 'the model gave no logits')
      }
      if (this.#model.isEogToken(next.token)) return
      yield { id: next.token, logits: digest(next.logits) }
      input = [next.token]
    }
  }

  #requireRoom(tokens: number): void {
    const free = this.#sequence.contextSize - spareTokens - this.#sequence.nextTokenIndex
    if (tokens <= free) return
    const message = `the context of ${this.#sequence.contextSize} tokens has room for ${free} more, not for ${tokens}`
    throw new SkyError('invalid_argument', message, 'Raise context_tokens, or shorten prompt and answer.')
  }
}

function digest(logits: ReadonlyMap<Token, number>): string {
  const values = new Float32Array(logits.size)
  for (const [token, value] of logits) values[token] = value
  return createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')
}
