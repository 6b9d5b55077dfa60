import { existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LocalModelProgress } from '#shared/contract/local-model-api'
import { buildGguf, oneTensor, text, valuesWith } from '#shared/gguf/testing/build-gguf'
import { temporaryFolder } from '../testing/folders'
import { addLocalModel, addRandomModel, describeLocalModels } from './local-models'
import { ModelStore } from './model-store'
import { thisMachine } from './this-machine'

function aStore() {
  const data = temporaryFolder()
  const seen: LocalModelProgress[] = []
  const ending = new AbortController()
  const work = { signal: ending.signal, onProgress: (each: LocalModelProgress) => void seen.push(each) }
  return { data, store: new ModelStore(data), seen, ending, work }
}

describe('the models of this computer', () => {
  it('have a random one, once, which runs where models run at all', async () => {
    const { data, store, seen, work } = aStore()
    expect(await describeLocalModels(store)).toEqual([])
    const made = await addRandomModel(store, work)
    expect(made).toMatchObject({ name: 'random-tiny', state: 'present' })
    expect(seen[0]?.step).toBe('write')
    expect(seen.at(-1)).toEqual({ step: 'read', fraction: 1 })
    const [found, ...others] = await describeLocalModels(store)
    expect(others).toEqual([])
    expect(found).toMatchObject({
      name: 'random-tiny',
      architecture: 'llama',
      quantisation: 'F16',
      bytesPerToken: { f16: 512, q8_0: 272 },
    })
    const { problem } = thisMachine()
    expect(found?.problems).toEqual(problem === null ? [] : [problem])

    seen.length = 0
    expect(await addRandomModel(store, work)).toEqual(made)
    expect(seen).toEqual([])
    // One whose file was spoiled or lost is made again.
    for (const spoil of [(path: string) => truncateSync(path, 100), (path: string) => rmSync(path)]) {
      spoil(made.path)
      expect(await addRandomModel(store, work)).toMatchObject({ state: 'present', sha256: made.sha256 })
    }
    await store.remove('random-tiny')
    expect(readdirSync(join(data, 'models'))).toEqual([])
  })

  it('say why they do not run', async () => {
    const { data, store, work } = aStore()
    const values = valuesWith({ 'general.architecture': text('mamba') })
    const file = join(data, 'mamba.gguf')
    writeFileSync(file, buildGguf({ values, tensors: oneTensor, dataBytes: 32 }))
    await expect(addLocalModel(store, file, work)).rejects.toMatchObject({ code: 'not_supported' })
    const { path } = await addRandomModel(store, work)
    rmSync(path)
    expect(await describeLocalModels(store)).toMatchObject([
      { name: 'random-tiny', state: 'missing', architecture: null, problems: [] },
    ])
  })

  it('leave nothing of one that is cancelled', async () => {
    const { data, store, ending, work } = aStore()
    ending.abort()
    await expect(addRandomModel(store, work)).rejects.toMatchObject({ code: 'cancelled' })
    expect(existsSync(join(data, 'models')) ? readdirSync(join(data, 'models')) : []).toEqual([])
  })

  it('are not kept where nobody may write', async () => {
    const { data, store, work } = aStore()
    writeFileSync(join(data, 'models'), 'in the way')
    await expect(addRandomModel(store, work)).rejects.toMatchObject({ code: 'storage_unwritable' })
  })
})
