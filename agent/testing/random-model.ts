import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const commandLine = join(import.meta.dirname, '../../out/cli/skymemory.mjs')
const packageFolder = join(import.meta.dirname, '../llama')

/** Why tests with a real model are skipped here; '' = they run. */
export const llamaMissing = existsSync(join(packageFolder, 'node_modules', 'node-llama-cpp'))
  ? ''
  : 'skipped: the package @skymemory/llama is not installed (npm ci in agent/llama)'

/**
 * A folder of models, as an inference host needs it: `tiny`, of random weights, and `untold`, the same without a chat template.
 * Made by the built command line, which is where models are written.
 */
export async function randomModels(directory: string) {
  const modelsDirectory = join(directory, 'models')
  mkdirSync(modelsDirectory, { recursive: true })
  const file = join(modelsDirectory, 'tiny.gguf')
  await promisify(execFile)(process.execPath, [commandLine, 'model', 'random', '--out', file])
  const bytes = readFileSync(file)
  const key = 'tokenizer.chat_template'
  // A key of the same length that means nothing.
  bytes.write('tokenizer.chat_templatx', bytes.indexOf(key), 'utf8')
  writeFileSync(join(modelsDirectory, 'untold.gguf'), bytes)
  return { packageFolder, modelsDirectory }
}
