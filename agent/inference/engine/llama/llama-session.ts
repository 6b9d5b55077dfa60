import { SkyError } from '#shared/contract/errors'
import { assembleState } from '#shared/kvc/llama-state/assemble-state'
import { checkState } from '#shared/kvc/llama-state/check-state'
import { parseState, type ParsedState } from '#shared/kvc/llama-state/parse-state'
import { sliceBlock } from '#shared/kvc/llama-state/slice-block'
import type { EngineRequest, EngineSession, OutputToken, PrefillResult } from '../engine'
import type { Places } from '../../places'
import type { PrefillMeter } from './prefill-meter'
import type { ReadyModel, RunningModel } from './running-model'
import { TokenQueue } from './token-queue'

interface SavedState {
  readonly bytes: Uint8Array
  readonly state: ParsedState
}

/** One request in the model's only sequence, from the cached blocks to the export of new ones. */
export class LlamaSession implements EngineSession {
  readonly #request: EngineRequest
  readonly #running: RunningModel
  readonly #turns: Places
  readonly #meter: PrefillMeter
  readonly #tokens = new TokenQueue()
  #model: ReadyModel | null = null
  #generated: Promise<void> | null = null
  #saved: Promise<SavedState> | null = null
  #endTurn: (() => void) | null = null
  /** The tokens that come from the model now are this request's. */
  #generating = false
  #stopListening = (): void => undefined

  constructor(request: EngineRequest, running: RunningModel, turns: Places, meter: PrefillMeter) {
    this.#request = request
    this.#running = running
    this.#turns = turns
    this.#meter = meter
  }

  async prefill(cachedBlocks: readonly Uint8Array[]): Promise<PrefillResult> {
    const { prompt, blockTokens, signal } = this.#request
    const cachedTokens = cachedBlocks.length * blockTokens
    if (cachedTokens >= prompt.length) {
      throw new SkyError('internal', 'a prompt needs at least one token that is not cached')
    }
    const asked = performance.now()
    this.#endTurn = await this.#turns.take(signal)
    const waitMs = performance.now() - asked
    const model = await this.#running.ready()
    this.#model = model
    const restoring = performance.now()
    const restoredBlocks = await this.#restore(model, cachedBlocks)
    const computing = performance.now()
    const restored = restoredBlocks * blockTokens
    await this.#evaluateWholeBlocks(model, restored)
    const evaluated = performance.now()
    this.#generate(model)
    await this.#tokens.first()
    const ended = performance.now()
    const tail = ((prompt.length - 1) % blockTokens) + 1
    this.#meter.blocks(prompt.length - restored - tail, evaluated - computing)
    this.#meter.tail(tail, ended - evaluated)
    const computeMs = ended - computing
    const restoreMs = restoredBlocks === 0 ? 0 : computing - restoring
    return { computedTokens: prompt.length - restored, restoredBlocks, waitMs, computeMs, restoreMs }
  }

  async *decode(): AsyncGenerator<OutputToken> {
    try {
      for await (const token of this.#tokens) {
        yield token
        this.#request.signal.throwIfAborted()
      }
    } finally {
      this.#stop()
    }
  }

  async exportBlock(index: number): Promise<Uint8Array> {
    // The sequence can be read only while nothing is computed: once for all blocks, after the last token. The next request may begin then.
    this.#saved ??= this.#save().finally(() => this.#endTurn?.())
    const { bytes, state } = await this.#saved
    return sliceBlock(state, bytes, index, this.#request.blockTokens)
  }

  close(): void {
    this.#stop()
    const over = [this.#generated ?? Promise.resolve(), this.#saved ?? Promise.resolve()]
    void Promise.allSettled(over).then(() => this.#endTurn?.())
  }

  /** What is being made is the last token. */
  #stop(): void {
    const model = this.#model
    if (this.#generating && model?.process.alive === true)
      void model.process.call('stop', {}).catch(() => undefined)
  }

  /** @returns blocks that the model took over */
  async #restore({ process, layout }: ReadyModel, blocks: readonly Uint8Array[]): Promise<number> {
    const { prompt, blockTokens } = this.#request
    const tokens = prompt.slice(0, blocks.length * blockTokens)
    const state = blocks.length === 0 ? [] : assembleState(layout, tokens, blocks, blockTokens)
    return (await this.#running.begin(process, state, tokens.length)) ? blocks.length : 0
  }

  /** Block by block, up to the one that holds the last token of the prompt. */
  async #evaluateWholeBlocks({ process }: ReadyModel, restored: number): Promise<void> {
    const { prompt, blockTokens, signal } = this.#request
    for (let first = restored; first + blockTokens < prompt.length; first += blockTokens) {
      signal.throwIfAborted()
      await process.call('evaluate', { tokens: prompt.slice(first, first + blockTokens) })
    }
    signal.throwIfAborted()
  }

  #generate({ process }: ReadyModel): void {
    const { prompt, blockTokens, maxTokens, sampling, withLogits, signal } = this.#request
    this.#stopListening = process.onToken((token) => this.#tokens.push(token))
    const stop = (): void => {
      this.#stop()
      this.#tokens.fail(signal.reason as Error)
    }
    signal.addEventListener('abort', stop, { once: true })
    const tail = prompt.slice(Math.floor((prompt.length - 1) / blockTokens) * blockTokens)
    this.#generating = true
    this.#generated = process
      .call('generate', { tokens: tail, maxTokens, sampling, withLogits })
      .then(
        () => this.#tokens.end(),
        (thrown: unknown) => {
          this.#tokens.fail(thrown)
          throw thrown
        },
      )
      .finally(() => {
        this.#generating = false
        this.#stopListening()
        signal.removeEventListener('abort', stop)
      })
    this.#generated.catch(() => undefined) // who reads the tokens is told
  }

  async #save(): Promise<SavedState> {
    await this.#generated
    this.#request.signal.throwIfAborted()
    const model = this.#model
    if (model === null) throw new SkyError('internal', 'blocks are exported after the prefill')
    const bytes = await this.#running.save(model.process)
    const state = parseState(bytes)
    checkState(state, model.layout, this.#request.prompt)
    return { bytes, state }
  }
}
