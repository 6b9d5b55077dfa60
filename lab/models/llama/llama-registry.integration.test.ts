import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { InstallProgress } from '#shared/contract/model-engine-api'
import { contentDigest, packageFiles } from '../../provisioning/llama/package-files'
import { registrySettings } from '../../registry/registry-settings'
import { temporaryFolder } from '../../testing/folders'
import { writeRandomModel } from '../random-model'
import { llamaMissing, useModel } from '../testing/llama-package'
import { thisMachine } from '../this-machine'
import { LlamaInstallation } from './llama-installation'
import { readLlamaManifest } from './llama-manifest'

const manifest = join(import.meta.dirname, '../../../agent/llama')

/** Why nothing can be downloaded here; null = the registry of this user answers. */
async function unreachable(): Promise<string | null> {
  const { default: pacote } = await import('pacote')
  const { version } = await readLlamaManifest(manifest)
  return pacote.manifest(`node-llama-cpp@${version}`, { ...(await registrySettings(process.env)) }).then(
    () => null,
    (thrown: unknown) => `no package registry answers: ${String(thrown)}`,
  )
}

const whyNot = await unreachable()
if (whyNot !== null) console.warn(`skipped: ${whyNot}`)

/** Bytes of all files below a folder. */
function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

it.skipIf(whyNot !== null)(
  'llama.cpp from the registry of this user is as large as is said, is what npm installs, and runs a model',
  { timeout: 300_000 },
  async () => {
    const data = temporaryFolder()
    const llama = new LlamaInstallation({ dataDirectory: data, elsewhere: [], manifest })
    const progress: InstallProgress[] = []
    expect(await llama.install({ onProgress: (each) => progress.push(each) })).toBe('installed')
    const { folder, state, downloadBytes, installedBytes } = await llama.look()
    expect(state).toBe('installed')
    expect(progress.filter(({ step }) => step === 'download').at(-1)?.done).toBe(downloadBytes)
    const noted = statSync(join(folder, 'node_modules', '.package-lock.json')).size
    expect(bytesBelow(join(folder, 'node_modules')) - noted).toBe(installedBytes)

    if (llamaMissing === null) {
      for (const architecture of ['x64', 'arm64'] as const) {
        const [own, npms] = await Promise.all(
          [folder, manifest].map(async (each) => contentDigest(await packageFiles(each, architecture))),
        )
        expect(own).toBe(npms)
      }
    }
    if (thisMachine().problem !== null) return
    const model = join(data, 'tiny.gguf')
    await writeRandomModel(model, { shape: 'tiny', seed: 1 })
    const library = join(folder, 'node_modules', 'node-llama-cpp')
    const used = await useModel(model, ['Hello, sky.'], library)
    expect(used.greedy.length).toBeGreaterThan(0)
  },
)
