import { basename, isAbsolute } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { cacheKindOf } from '#shared/gguf/architectures'
import type { ModelShape } from '#shared/gguf/model-shape'
import { bytesPerToken } from '#shared/kvc/llama-state/state-layout'
import type { PromptPart } from '#shared/workload/prompt'
import type { ModelFacts } from '#shared/contract/agent-control'
import type { ModelSettings } from '../../../model/model-control'
import type { Log } from '../../../log'
import type { ChatMessage, Engine, EngineRequest, EngineSession, ModelInfo } from '../engine'
import { Places } from '../../places'
import { strangeToken } from '../strange-token'
import { checkModel } from './check-model'
import { LlamaSession } from './llama-session'
import type { ModelProgram } from './model-process'
import { PrefillMeter } from './prefill-meter'
import { RunningModel, type ReadyModel } from './running-model'

/** Of a block's payload; another number for another order of its bytes. */
const layoutVersion = 1

export interface LlamaEngineOptions {
  /** As the experiment names it. */
  readonly name: string
  readonly program: ModelProgram
  readonly settings: ModelSettings
  readonly log: Log
}

/** A model of llama.cpp in a process of its own: one sequence, so one request at a time; others wait for their turn. */
export class LlamaEngine implements Engine {
  readonly model: ModelInfo
  readonly facts: ModelFacts
  readonly #running: RunningModel
  /** Whoever serves the model bounds the queue. */
  readonly #turns = new Places({ places: 1, mostWaiting: Infinity })
  #meter = new PrefillMeter()

  private constructor(model: ModelInfo, facts: ModelFacts, running: RunningModel) {
    this.model = model
    this.facts = facts
    this.#running = running
  }

  /** @throws SkyError engine_failed, not_found, invalid_model, not_supported */
  static async load({ name, program, settings, log }: LlamaEngineOptions): Promise<LlamaEngine> {
    const shape = await checkModel(settings, log)
    const running = new RunningModel(program, settings, log)
    try {
      const { loaded, layout, digest } = await provenToBePlain(running, shape)
      // Beyond it, some models turn keys by other factors.
      const isLong = loaded.contextTokens > shape.shortContextTokens
      const model: ModelInfo = {
        id: isAbsolute(name) ? basename(name, '.gguf') : name,
        // Values of another library or processor are equal but for rounding, which is enough to make an answer another one.
        namespace: {
          model: `${digest} ${loaded.library} ${loaded.processor}${isLong ? ' long context' : ''}`,
          kvType: settings.kvType,
          layoutVersion,
          tenantSalt: '',
        },
        kvcBytesPerToken: bytesPerToken(layout),
        beginOfText: loaded.beginOfText,
        vocabulary: loaded.vocabulary,
        // Two cells stay free, so that llama.cpp never shifts the context.
        longest: loaded.contextTokens - 2,
      }
      const { architecture, contextTokens, threads, library, processor } = loaded
      const facts: ModelFacts = {
        name,
        fileSha256: digest,
        architecture,
        kvType: settings.kvType,
        kvcBytesPerToken: model.kvcBytesPerToken,
        contextTokens,
        threads,
        library,
        processor,
      }
      return new LlamaEngine(model, facts, running)
    } catch (thrown) {
      await running.close()
      throw thrown
    }
  }

  async tokenise(part: PromptPart): Promise<number[]> {
    if (part.text === '') return []
    return (await this.#running.ready()).process.call('tokenise', part)
  }

  async promptTokens(text: string): Promise<number[]> {
    const tokens = await this.tokenise({ text, startsPrompt: true })
    const { beginOfText } = this.model
    return tokens.length === 0 || beginOfText === null ? tokens : [beginOfText, ...tokens]
  }

  async chatTokens(messages: readonly ChatMessage[]): Promise<number[]> {
    return (await this.#running.ready()).process.call('chatTokens', { messages: [...messages] })
  }

  open(request: EngineRequest): EngineSession {
    if (request.prompt.length === 0) {
      throw new SkyError('invalid_argument', 'the prompt has no tokens', 'Send some text.')
    }
    const strange = strangeToken(this.model, request.prompt)
    if (strange !== null) {
      throw new SkyError('invalid_argument', strange, 'Send text, or tokens of this model.')
    }
    const needed = request.prompt.length + request.maxTokens
    const longest = this.model.longest ?? Infinity
    if (needed > longest) {
      throw new SkyError(
        'invalid_argument',
        `${request.prompt.length} prompt and ${request.maxTokens} output tokens do not fit in a context of ${this.facts.contextTokens}`,
        `Raise context_tokens, or keep prompt and output to ${longest} tokens together.`,
      )
    }
    return new LlamaSession(request, this.#running, this.#turns, this.#meter)
  }

  get waiting(): number {
    return this.#turns.waiting
  }

  /** What it has measured belongs to whoever opened it before. */
  openedAgain(): void {
    this.#meter = new PrefillMeter()
  }

  measuredPrefillRate(): number | null {
    return this.#meter.tokensPerS()
  }

  /** What a block should hold is known only to who computes it: `skymemory verify` does. */
  countWrongBytes(): null {
    return null
  }

  close(): Promise<void> {
    return this.#running.close()
  }
}

/** The model of an architecture that nobody has proven is tried out before anything is computed with it. */
async function provenToBePlain(running: RunningModel, { architecture }: ModelShape): Promise<ReadyModel> {
  if (cacheKindOf(architecture).kind === 'plain') return running.ready()
  try {
    const ready = await running.ready()
    await running.tryCache()
    return ready
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    const message = `The architecture ${architecture} is not among those whose cache was proven to be plain, and this model did not stand the trial: ${why}`
    throw new SkyError('not_supported', message, 'Choose a model of one that docs/models.md lists.')
  }
}
