import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plainArchitectures } from '#shared/gguf/architectures'
import { kvcBytesPerToken } from '#shared/gguf/kvc-bytes'
import { whatNeverFits } from '#shared/gguf/model-fit'
import { temporaryFolder } from '../../testing/folders'
import { readModelFile } from '../model-file'
import { randomModelShapes, writeRandomModel } from '../random-model'
import { recipeNames, recipeOf } from './recipes'
import { recipeTensors } from './recipe-tensors'
import { sizesOf } from './sizes'

describe('recipes of random models', () => {
  it('are there for every architecture that is said to be plain, and for no other', () => {
    const written = new Set(recipeNames.map((name) => recipeOf(name).architecture))
    expect([...written].sort()).toEqual([...plainArchitectures].sort())
  })

  it.each(recipeNames)('%s has no tensor twice, and whole rows', (name) => {
    const recipe = recipeOf(name)
    const sizes = sizesOf(randomModelShapes.micro, recipe)
    const tensors = recipeTensors(recipe, sizes, { seed: 1, weights: 'q4_0' })
    expect(new Set(tensors.map((tensor) => tensor.name)).size).toBe(tensors.length)
    // Blocks of q4_0 hold 32 values of a row.
    expect(tensors.filter(({ shape, type }) => (shape[0] ?? 0) % type.blockValues !== 0)).toEqual([])
    for (const { name: tensor, shape } of tensors) {
      expect(tensor).toMatch(/\.(weight|bias)$/)
      expect(shape.every((size) => Number.isInteger(size) && size > 0)).toBe(true)
    }
  })

  it.each(['phi2', 'qwen3moe', 'gpt2', 'deci'] as const)(
    '%s gives a file that is whole and fits',
    async (name) => {
      const path = join(temporaryFolder(), 'model.gguf')
      const bytes = await writeRandomModel(path, { shape: 'micro', architecture: name, seed: 1 })
      const { shape } = await readModelFile(path)
      expect(whatNeverFits(shape, bytes)).toEqual([])
      // The last tensor is padded.
      expect(bytes - shape.wholeFileBytes).toBeLessThan(32)
      const sizes = sizesOf(randomModelShapes.micro, recipeOf(name))
      const heads = sizes.kvHeads.reduce((sum, each) => sum + each, 0)
      expect(shape.kvHeads).toEqual(sizes.kvHeads)
      expect(kvcBytesPerToken(shape, 'f16')).toBe(heads * 2 * sizes.headSize * 2)
    },
  )

  it('have layers, heads and sizes of heads as the architecture asks for', () => {
    const sizes = (name: (typeof recipeNames)[number]) => sizesOf(randomModelShapes.micro, recipeOf(name))
    expect(sizes('llama')).toMatchObject({ layers: 2, headSize: 32, kvHeads: [2, 2], queries: 128 })
    expect(sizes('gemma')).toMatchObject({ headSize: 64, kvHeads: [1, 1], queries: 256 })
    expect(sizes('gpt2')).toMatchObject({ kvHeads: [4, 4] })
    expect(sizes('deci')).toMatchObject({ kvHeads: [2, 1, 0] })
    expect(sizes('baichuan-13b')).toMatchObject({ layers: 40 })
  })
})
