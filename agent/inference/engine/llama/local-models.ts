import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import type { ModelProgram } from './model-process'

/** What a host needs to run models of llama.cpp. */
export interface LocalModels extends ModelProgram {
  /** Where models lie that are called by name: `NAME.gguf`. */
  readonly modelsDirectory: string
}

/** @throws SkyError not_found, invalid_argument */
export function modelFile(models: LocalModels, model: string): string {
  if (isAbsolute(model)) {
    if (existsSync(model)) return model
    throw new SkyError('not_found', `there is no model file ${model} on this host`)
  }
  if (!/^[\w.-]+$/.test(model) || model === 'none') {
    throw new SkyError(
      'invalid_argument',
      model === 'none' ? 'no model is chosen' : `"${model}" is no name of a model`,
      'Set model to the name of a model that was added, or to the absolute path of a GGUF file.',
    )
  }
  const path = join(models.modelsDirectory, `${model}.gguf`)
  if (existsSync(path)) return path
  throw new SkyError(
    'not_found',
    `this host has no model "${model}"`,
    `Add it: skymemory model add FILE --name ${model} (for a host of a lab: with --lab LAB).`,
    { path },
  )
}
