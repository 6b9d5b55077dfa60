import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Llama from 'node-llama-cpp'

export type LlamaModule = Pick<typeof Llama, 'getLlama' | 'getModuleVersion' | 'LlamaLogLevel'>

/** As it was installed: nothing is built, downloaded or shown. */
export const asInstalled = { gpu: false, build: 'never', skipDownload: true, progressLogs: false } as const

/** @param packageFolder of the package `@skymemory/llama`, with its node_modules */
export async function importLlama(packageFolder: string): Promise<LlamaModule> {
  const entry = join(packageFolder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js')
  return (await import(pathToFileURL(entry).href)) as LlamaModule
}
