import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Llama, LlamaModel } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { plainArchitectures } from '#shared/gguf/architectures'
import { llamaMissing } from '../testing/random-model'
import { asInstalled, importLlama, type LlamaModule } from './llama-library'
import { LoadedLlama } from './loaded-llama'
import { tryCache } from './try-cache'

const commandLine = join(import.meta.dirname, '../../out/cli/skymemory.mjs')
const folder = mkdtempSync(join(tmpdir(), 'sky-architectures-'))
const stateFile = join(folder, 'state')
const blockTokens = 32

if (llamaMissing) console.warn(llamaMissing)

/** All in this process: models are small, and one llama.cpp is started once. */
describe.skipIf(llamaMissing)('models of every plain architecture', () => {
  let llama: Llama
  let library: LlamaModule
  const loaded: LlamaModel[] = []

  beforeAll(async () => {
    const all = ['model', 'random', '--shape', 'micro', '--architecture', 'all', '--out', folder]
    await promisify(execFile)(process.execPath, [commandLine, ...all])
    const module = await importLlama(join(import.meta.dirname, '../llama'))
    llama = await module.getLlama({ ...asInstalled, maxThreads: 1 })
    const load = llama.loadModel.bind(llama)
    llama.loadModel = async (options) => {
      const model = await load(options)
      loaded.push(model)
      return model
    }
    library = { ...module, getLlama: () => Promise.resolve(llama) }
  })

  afterAll(async () => {
    await llama.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  async function use<T>(file: string, kvType: 'f16' | 'q8_0', act: (model: LoadedLlama) => Promise<T>) {
    const settings = { contextTokens: 256, batchTokens: blockTokens, kvType, threads: 1 }
    try {
      return await act(await LoadedLlama.load(library, { ...settings, modelFile: join(folder, file) }))
    } finally {
      for (const model of loaded.splice(0)) await model.dispose()
    }
  }

  test.each(['f16', 'q8_0'] as const)(
    'answer the same with blocks out of the cache, to the last bit, at %s',
    async (kvType) => {
      const architectures = new Set<string>()
      const failed: string[] = []
      for (const file of readdirSync(folder)) {
        await use(file, kvType, async (model) => {
          architectures.add(model.describe().architecture)
          await tryCache(model, { blockTokens, stateFile })
        }).catch((thrown: unknown) => failed.push(`${basename(file)}: ${String(thrown)}`))
      }
      expect(failed).toEqual([])
      // Nothing is said to be plain that was not run.
      expect([...architectures].sort()).toEqual([...plainArchitectures].sort())
    },
    120_000,
  )

  test('answer otherwise when the values of a block are set to 0', async () => {
    const unnoticed: string[] = []
    const halfZeroed = (block: Uint8Array): Uint8Array => Uint8Array.from(block).fill(0, block.length >> 1)
    for (const file of readdirSync(folder)) {
      await use(file, 'f16', async (model) => {
        await tryCache(model, { blockTokens, stateFile, onTheWay: halfZeroed }).then(
          () => unnoticed.push(file),
          (thrown: unknown) => expect(String(thrown)).toContain('answers otherwise than without'),
        )
      })
    }
    expect(unnoticed).toEqual([])
  })
})
