import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const folder = join(import.meta.dirname, '../../../agent/llama/node_modules/node-llama-cpp')

/** Why no real model can be loaded here; null when it can. */
export const llamaMissing: string | null = existsSync(join(folder, 'dist', 'index.js'))
  ? null
  : 'skipped: node-llama-cpp is not installed in agent/llama'

/** What a real engine found in a model. */
export interface UsedModel {
  readonly tokens: readonly (readonly number[])[]
  readonly special: { readonly begin: number; readonly end: number }
  readonly trainContext: number
  readonly chatTemplate: string
  /** Of the token after a prompt. */
  readonly probabilities: { readonly count: number; readonly sum: number; readonly max: number }
  readonly greedy: readonly number[]
}

/** Load a model with llama.cpp, tokenise texts with it, and let it answer a prompt. */
export async function useModel(
  model: string,
  texts: readonly string[],
  library = folder,
): Promise<UsedModel> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'use-model.mjs'), library, model], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(JSON.stringify(texts))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const code = await ended
  if (code !== 0) throw new Error(`the model could not be used (exit code ${code}): ${err}`)
  return JSON.parse(out) as UsedModel
}
