import { describe, expect, it } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import type { LocalModel } from '#shared/contract/local-model-api'
import { withEngine } from '../testing/with-stores'
import { useLocalModels } from './local-models'

const model: LocalModel = {
  name: 'a',
  bytes: 7,
  sha256: 'a'.repeat(64),
  addedAt: 0,
  path: '/models/a.gguf',
  state: 'present',
  architecture: 'llama',
  quantisation: 'F16',
  parameters: 3,
  bytesPerToken: { f16: 512, q8_0: 272 },
  problems: [],
}

/** A computer that keeps what it is told to. */
function aComputer() {
  const kept = new Map<string, LocalModel>()
  const add = (name: string): { name: string } => {
    kept.set(name, { ...model, name })
    return { name }
  }
  const { emit, use } = withEngine({
    localModels: () => [...kept.values()],
    addLocalModel: ({ file }, context) =>
      file === 'endless'
        ? new Promise((_, reject) =>
            context.onCancelled(() => reject(new SkyError('cancelled', 'It was cancelled'))),
          )
        : file === 'text'
          ? Promise.reject(new SkyError('invalid_model', 'text is not a GGUF file'))
          : add(file),
    addRandomModel: () => add('random-tiny'),
    removeLocalModel: ({ name }) => {
      if (!kept.delete(name)) throw new SkyError('not_found', `There is no model ${name}`)
      return { name }
    },
  })
  return { emit, models: use(useLocalModels) }
}

describe('the models of this computer', () => {
  it('are added, made and removed', async () => {
    const { models } = aComputer()
    await models.refresh()
    expect(models.models).toEqual([])
    expect(await models.add('a')).toBe('a')
    expect(await models.addRandom()).toBe('random-tiny')
    expect(models.models?.map(({ name }) => name)).toEqual(['a', 'random-tiny'])
    await models.remove('a')
    expect(models.models?.map(({ name }) => name)).toEqual(['random-tiny'])
    expect([models.error, models.progress]).toEqual([null, null])
  })

  it('are told why one is not added or removed', async () => {
    const { models } = aComputer()
    expect(await models.add('text')).toBeNull()
    expect(models.error?.code).toBe('invalid_model')
    await models.remove('none')
    expect(models.error?.code).toBe('not_found')
    await models.addRandom()
    expect(models.error).toBeNull()
  })

  it('show how far one is, one at a time, until it is cancelled', async () => {
    const { emit, models } = aComputer()
    const adding = models.add('endless')
    expect(models.progress).toEqual({ step: 'read', fraction: 0 })
    emit('localModelProgress', { step: 'copy', fraction: 0.5 })
    expect(models.progress).toEqual({ step: 'copy', fraction: 0.5 })
    expect(await models.addRandom()).toBeNull()
    models.cancel()
    expect(await adding).toBeNull()
    expect([models.error, models.progress]).toEqual([null, null])
  })
})
