import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SkyError } from '#shared/contract/errors'
import { parseLock, type LockedPackages } from './locked-packages'

/** What this program has of the package `@skymemory/llama`: which packages it consists of, but none of their files. */
export interface LlamaManifest {
  /** The texts of package.json and package-lock.json. */
  readonly packageJson: string
  readonly lock: string
  readonly locked: LockedPackages
  /** Of node-llama-cpp. */
  readonly version: string
  /** Of all files as registries hand them out, and of all files once they are unpacked. */
  readonly downloadBytes: number
  readonly installedBytes: number
}

export const mainPackage = 'node_modules/node-llama-cpp'

const sizes = z.object({ skymemory: z.object({ downloadBytes: z.number(), installedBytes: z.number() }) })

/** @throws SkyError `not_found` when the files are not there, or are not what they should be */
export async function readLlamaManifest(folder: string): Promise<LlamaManifest> {
  try {
    const [packageJson, lock] = await Promise.all(
      ['package.json', 'package-lock.json'].map((name) => readFile(join(folder, name), 'utf8')),
    )
    if (packageJson === undefined || lock === undefined) throw new Error('a file is missing')
    const locked = parseLock(lock)
    const version = locked.get(mainPackage)?.version
    if (version === undefined) throw new Error('node-llama-cpp is not in it')
    return { packageJson, lock, locked, version, ...sizes.parse(JSON.parse(packageJson)).skymemory }
  } catch (thrown) {
    throw new SkyError(
      'not_found',
      `What llama.cpp consists of cannot be read from ${folder}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      'This program is not complete: install it again, or build it: npm run build',
    )
  }
}
