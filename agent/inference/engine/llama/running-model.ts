import { parseState } from '#shared/kvc/llama-state/parse-state'
import { badState, isSameLayout, type StateLayout } from '#shared/kvc/llama-state/state-layout'
import type { LoadedModel, ModelSettings } from '../../../model/model-control'
import type { Log } from '../../../log'
import { ModelProcess, type ModelProgram } from './model-process'
import { StateFolder } from './state-folder'

export interface ReadyModel {
  readonly process: ModelProcess
  readonly loaded: LoadedModel
  readonly layout: StateLayout
}

/** A model that is loaded when it is needed, and again after its process has ended. */
export class RunningModel {
  readonly states = new StateFolder()
  readonly #program: ModelProgram
  readonly #settings: ModelSettings
  readonly #log: Log
  #ready: Promise<ReadyModel> | null = null
  #process: ModelProcess | null = null
  #layout: StateLayout | null = null

  constructor(program: ModelProgram, settings: ModelSettings, log: Log) {
    this.#program = program
    this.#settings = settings
    this.#log = log
  }

  /** @throws SkyError engine_failed: it cannot be loaded */
  async ready(): Promise<ReadyModel> {
    if (this.#process?.alive !== true) this.#ready = null
    this.#ready ??= this.#load()
    try {
      return await this.#ready
    } catch (thrown) {
      void this.#process?.end()
      this.#ready = null
      throw thrown
    }
  }

  async #load(): Promise<ReadyModel> {
    const started = performance.now()
    const process = ModelProcess.start(this.#program, this.#log)
    this.#process = process
    const loaded = await process.call('load', this.#settings)
    const layout = await this.#readLayout(process, loaded)
    if (this.#layout !== null && !isSameLayout(this.#layout, layout)) {
      throw badState('the model keeps its KV in another layout than before')
    }
    this.#layout = layout
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    this.#log.info(`model ${this.#settings.modelFile} loaded in ${seconds} s: ${loaded.library}`)
    return { process, loaded, layout }
  }

  /** From the state of one token: what llama.cpp itself writes is right for this model, whatever its file says. */
  async #readLayout(process: ModelProcess, loaded: LoadedModel): Promise<StateLayout> {
    await process.call('begin', { stateFile: null, stateTokens: 0 })
    await process.call('evaluate', { tokens: [loaded.beginOfText ?? 0] })
    const stateFile = this.states.newFile()
    await process.call('save', { stateFile })
    const { layout } = parseState(await this.states.take(stateFile))
    if (layout.length === 0) throw badState('the model keeps no KV of its tokens')
    return layout
  }

  /** @throws SkyError not_supported, engine_failed when blocks of the model's cache do not give what it computes */
  async tryCache(): Promise<void> {
    const { process } = await this.ready()
    const started = performance.now()
    const stateFile = this.states.newFile()
    await process.call('tryCache', { blockTokens: this.#settings.batchTokens, stateFile })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    this.#log.info(`the cache of ${this.#settings.modelFile} was tried out in ${seconds} s, and is plain`)
  }

  async close(): Promise<void> {
    this.states.close()
    await this.#process?.end()
  }
}
