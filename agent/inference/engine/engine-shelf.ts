import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import type { Log } from '../../log'
import type { ModelSettings } from '../../model/model-control'
import type { Engine } from './engine'
import { fileDigest } from './llama/file-digest'
import { LlamaEngine } from './llama/llama-engine'
import { modelFile, type LocalModels } from './llama/local-models'
import { SyntheticEngine } from './synthetic-engine'

/** Makes the engine that a trial asks for. A loaded model stays until another one is needed: loading takes seconds. */
export class EngineShelf {
  readonly #models: LocalModels | null
  readonly #log: Log
  #loaded: { readonly key: string; readonly engine: LlamaEngine } | null = null

  constructor(models: LocalModels | null, log: Log) {
    this.#models = models
    this.#log = log
  }

  /** @throws SkyError not_supported, not_found, invalid_argument, engine_failed */
  async open(parameters: ParameterValues): Promise<Engine> {
    if (parameters.engine === 'synthetic') {
      return new SyntheticEngine({
        kvcBytesPerToken: parameters.kvc_bytes_per_token,
        prefillTokensPerS: parameters.prefill_tokens_per_s,
        prefillQuadraticS: parameters.prefill_quadratic_s,
        decodeTokensPerS: parameters.decode_tokens_per_s,
      })
    }
    return this.#openLlama(parameters)
  }

  async #openLlama(parameters: ParameterValues): Promise<LlamaEngine> {
    const models = this.#models
    if (models === null || !isInstalled(models.packageFolder)) {
      const message = 'this host cannot run the engine llama: llama.cpp is not installed'
      throw new SkyError(
        'not_supported',
        message,
        'Install it: skymemory model engine install (in the app: page Chat); for a host of a lab say "models: true" there and apply. Or choose the engine synthetic.',
      )
    }
    const settings: ModelSettings = {
      modelFile: modelFile(models, parameters.model),
      contextTokens: parameters.context_tokens,
      batchTokens: parameters.block_tokens,
      kvType: parameters.kv_type,
      threads: parameters.threads,
    }
    const key = JSON.stringify(settings)
    if (this.#loaded?.key === key && (await isFileOf(this.#loaded.engine, settings.modelFile))) {
      this.#loaded.engine.openedAgain()
      return this.#loaded.engine
    }
    // Two models at a time might not fit in the host's memory: what is free is looked at before one is loaded.
    await this.close()
    const engine = await LlamaEngine.load({
      name: parameters.model,
      program: models,
      settings,
      log: this.#log,
    })
    this.#loaded = { key, engine }
    return engine
  }

  async close(): Promise<void> {
    const loaded = this.#loaded
    this.#loaded = null
    await loaded?.engine.close()
  }
}

/** Looked at each time: it may be installed while the host runs. */
function isInstalled(packageFolder: string): boolean {
  return existsSync(join(packageFolder, 'node_modules', 'node-llama-cpp', 'package.json'))
}

/** Another file under the same name is another model. */
async function isFileOf({ facts }: LlamaEngine, path: string): Promise<boolean> {
  const digest = await fileDigest(path).catch(() => null)
  return digest === facts.fileSha256
}
