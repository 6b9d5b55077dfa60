import { SkyError } from '#shared/contract/errors'
import { parseState } from '#shared/kvc/llama-state/parse-state'
import { badState, bytesPerToken, isSameLayout, type StateLayout } from '#shared/kvc/llama-state/state-layout'
import type { LoadedModel, ModelSettings } from '../../../model/model-control'
import type { Log } from '../../../log'
import { checkModel } from './check-model'
import { fileDigest } from './file-digest'
import { ModelProcess, type ModelProgram } from './model-process'
import { StateFolder } from './state-folder'

export interface ReadyModel {
  readonly process: ModelProcess
  readonly loaded: LoadedModel
  readonly layout: StateLayout
  /** SHA-256 of the file, 64 hexadecimal digits. */
  readonly digest: string
}

/** A model that is loaded when it is needed, and again after its process has ended. */
export class RunningModel {
  readonly #states = new StateFolder()
  readonly #program: ModelProgram
  readonly #settings: ModelSettings
  readonly #log: Log
  #ready: Promise<ReadyModel> | null = null
  #process: ModelProcess | null = null
  /** What was loaded first: whatever is loaded later must be the same, as cached blocks are named by it. */
  #first: ReadyModel | null = null

  constructor(program: ModelProgram, settings: ModelSettings, log: Log) {
    this.#program = program
    this.#settings = settings
    this.#log = log
  }

  /** @throws SkyError engine_failed: it cannot be loaded, or its file is another one than before; what `checkModel` throws */
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
    const { modelFile } = this.#settings
    const started = performance.now()
    if (this.#first !== null) await this.#checkAgain(this.#first)
    const process = ModelProcess.start(this.#program, this.#log)
    this.#process = process
    const [loaded, digest] = await Promise.all([process.call('load', this.#settings), fileDigest(modelFile)])
    const layout = await this.#readLayout(process, loaded)
    if (this.#first !== null && !isSameLayout(this.#first.layout, layout)) {
      throw badState('the model keeps its KV in another layout than before')
    }
    this.#states.expect(bytesPerToken(layout) * loaded.contextTokens)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    this.#log.info(`model ${modelFile} loaded in ${seconds} s: ${loaded.library}`)
    const ready: ReadyModel = { process, loaded, layout, digest }
    this.#first ??= ready
    return ready
  }

  async #checkAgain({ digest }: ReadyModel): Promise<void> {
    const { modelFile } = this.#settings
    await checkModel(this.#settings, this.#log)
    if ((await fileDigest(modelFile)) === digest) return
    const message = `the file ${modelFile} is another one than when the model was opened`
    const hint = 'Open the model again: serve it anew, or start another trial.'
    throw new SkyError('engine_failed', message, hint)
  }

  /** From the state of one token: what llama.cpp itself writes is right for this model, whatever its file says. */
  async #readLayout(process: ModelProcess, loaded: LoadedModel): Promise<StateLayout> {
    await process.call('begin', { stateFile: null, stateTokens: 0 })
    await process.call('evaluate', { tokens: [loaded.beginOfText ?? 0] })
    const { layout } = parseState(await this.save(process))
    if (layout.length === 0) throw badState('the model keeps no KV of its tokens')
    return layout
  }

  /** @throws SkyError not_supported, engine_failed when blocks of the model's cache do not give what it computes */
  async tryCache(): Promise<void> {
    const { process } = await this.ready()
    const started = performance.now()
    const stateFile = this.#states.newFile()
    await process.call('tryCache', { blockTokens: this.#settings.batchTokens, stateFile })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    this.#log.info(`the cache of ${this.#settings.modelFile} was tried out in ${seconds} s, and is plain`)
  }

  /** The KV of all tokens in the model's sequence, as llama.cpp writes it. */
  async save(process: ModelProcess): Promise<Uint8Array> {
    const stateFile = this.#states.newFile()
    try {
      await process.call('save', { stateFile })
      return await this.#states.read(stateFile)
    } finally {
      await this.#states.remove(stateFile)
    }
  }

  /**
   * Begin a request behind the first tokens of a state.
   * @returns false where there is no room to hand it over: the request has begun without it
   */
  async begin(process: ModelProcess, state: readonly Uint8Array[], stateTokens: number): Promise<boolean> {
    const stateFile = stateTokens === 0 ? null : await this.#write(state)
    if (stateFile === null) {
      await process.call('begin', { stateFile, stateTokens: 0 })
      return stateTokens === 0
    }
    try {
      await process.call('begin', { stateFile, stateTokens })
      return true
    } finally {
      await this.#states.remove(stateFile)
    }
  }

  async #write(state: readonly Uint8Array[]): Promise<string | null> {
    try {
      return await this.#states.write(state)
    } catch (thrown) {
      this.#log.warn(`cached blocks cannot be handed to the model, so they are computed: ${String(thrown)}`)
      return null
    }
  }

  async close(): Promise<void> {
    this.#states.close()
    await this.#process?.end()
  }
}
