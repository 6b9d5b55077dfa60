import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'

const commandLine = join(import.meta.dirname, '../../out/cli/skymemory.mjs')
const packageFolder = join(import.meta.dirname, '../llama')

/** Why tests with a real model are skipped here; '' = they run. */
export const llamaMissing = existsSync(join(packageFolder, 'node_modules', 'node-llama-cpp'))
  ? ''
  : 'skipped: the package @skymemory/llama is not installed (npm ci in agent/llama)'

/** The tiny model on 5x3 satellites, with blocks so short that small prompts have several. */
export const tinyModel: ParameterValues = {
  ...defaultParameters,
  slots: 5,
  planes: 3,
  centre_slot: 2,
  centre_plane: 1,
  engine: 'llama',
  model: 'tiny',
  block_tokens: 32,
  context_tokens: 1_024,
  // Tests run beside each other: more threads would wait for each other.
  threads: 1,
}

/** By the built command line, which is where models are written. */
export async function writeTinyModel(file: string, seed: number): Promise<void> {
  const made = [commandLine, 'model', 'random', '--seed', String(seed), '--out', file]
  await promisify(execFile)(process.execPath, made)
}

/**
 * A folder of models, as an inference host needs it: `tiny`, of random weights, and `untold`, the same without a chat template.
 */
export async function randomModels(directory: string) {
  const modelsDirectory = join(directory, 'models')
  mkdirSync(modelsDirectory, { recursive: true })
  const file = join(modelsDirectory, 'tiny.gguf')
  await writeTinyModel(file, 1)
  const bytes = readFileSync(file)
  const key = 'tokenizer.chat_template'
  // A key of the same length that means nothing.
  bytes.write('tokenizer.chat_templatx', bytes.indexOf(key), 'utf8')
  writeFileSync(join(modelsDirectory, 'untold.gguf'), bytes)
  return { packageFolder, modelsDirectory }
}
