import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The folder of the package `@skymemory/llama`, which runs real models: the first of these that holds it, or null. Its native files
 * have some 100 MB, so it is installed beside the program and never part of it.
 */
export function findLlamaPackage(folders: readonly (string | undefined)[]): string | null {
  const holds = (folder: string): boolean =>
    existsSync(join(folder, 'node_modules', 'node-llama-cpp', 'package.json'))
  return folders.find((folder) => folder !== undefined && holds(folder)) ?? null
}
