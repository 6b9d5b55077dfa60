import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inRoot } from '../scripts/lib/paths.mjs'

/** Why no real model can be loaded here; '' = it can. */
export const llamaMissing = existsSync(inRoot('agent', 'llama', 'node_modules', 'node-llama-cpp'))
  ? ''
  : 'the package @skymemory/llama is not installed (npm ci in agent/llama)'

/** A tiny model of random weights in a folder. */
export async function randomModel(folder: string): Promise<string> {
  const file = join(folder, 'tiny.gguf')
  const cli = inRoot('out', 'cli', 'skymemory.mjs')
  await promisify(execFile)(process.execPath, [cli, 'model', 'random', '--out', file])
  return file
}
