import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProofAnswer } from '#shared/contract/agent-control'
import { randomModelShapes, writeRandomModel, writeRecipe } from '../models/random-model'
import { recipeOf } from '../models/random/recipes'
import { llamaMissing } from '../models/testing/llama-package'
import { proofLab, proofParameters, proofText } from './testing/proof-lab'

const folder = mkdtempSync(join(tmpdir(), 'skymemory-architectures-'))
const { modelsDirectory, withLab, verify } = proofLab(folder)

if (llamaMissing) console.warn(llamaMissing)

describe.skipIf(llamaMissing)('architectures', () => {
  const file = (name: string): string => join(modelsDirectory, `${name}.gguf`)
  /** As llama.cpp has them and shared/gguf/architectures.ts has them not. */
  const unlisted = {
    maincoder: { ...recipeOf('qwen3'), architecture: 'maincoder', headScale: 1 },
    mellum: {
      ...recipeOf('qwen3moe'),
      architecture: 'mellum',
      headScale: 1,
      keys: { 'attention.sliding_window': { type: 'uint32', value: 4_096 } },
    },
  } as const

  beforeAll(async () => {
    mkdirSync(modelsDirectory, { recursive: true })
    for (const architecture of ['llama', 'gpt2', 'qwen3moe', 'phi3'] as const) {
      await writeRandomModel(file(architecture), { shape: 'micro', architecture, seed: 5 })
    }
    for (const [name, recipe] of Object.entries(unlisted)) {
      await writeRecipe(file(name), { recipe, size: randomModelShapes.micro, seed: 5 })
    }
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each([
    ['gpt2', 'f16'],
    ['qwen3moe', 'q8_0'],
    // Nobody has proven it: it is tried out when it is loaded.
    ['maincoder', 'f16'],
  ] as const)('of the model %s at %s stand every step of the proof', async (name, kvType) => {
    const { passed, verdicts, model } = await verify({ model: name, kv_type: kvType })
    expect(verdicts.filter((verdict) => !verdict.passed)).toEqual([])
    expect(passed).toBe(true)
    expect(verdicts).toHaveLength(12)
    expect(model).toMatchObject({ architecture: name, kvType })
  })

  test('that nobody has proven are refused where their cache is not plain, and the host goes on', async () => {
    await withLab(async (lab) => {
      const open = (model: string) =>
        lab.inference().call('openModel', { parameters: { ...proofParameters, model } })
      await expect(open('mellum')).rejects.toMatchObject({
        code: 'not_supported',
        message: expect.stringMatching(
          /mellum is not among those .* did not stand the trial: .*state cannot be used/,
        ) as string,
      })
      expect(await open('llama')).toMatchObject({ architecture: 'llama' })
    })
  })

  test('that turn keys otherwise in long contexts have other blocks there', async () => {
    await withLab(async (lab) => {
      const answerOf = async (model: string, context_tokens: number): Promise<ProofAnswer> => {
        const changed = { ...proofParameters, cache: 'off', model, context_tokens } as const
        await lab.inference().call('openModel', { parameters: changed })
        const request = {
          text: proofText,
          promptTokens: 100,
          maxTokens: 1,
          useCache: false,
          withLogits: true,
        }
        const answer = await lab.inference().call('prove', { ...request, zeroValuesOfBlock: null })
        expect(answer.error).toBeNull()
        expect(answer.blockHashes).toHaveLength(3)
        return answer
      }
      // Its short factors are for contexts of up to 512 tokens.
      const [short, long] = [await answerOf('phi3', 256), await answerOf('phi3', 1_024)]
      expect(long.logits).not.toEqual(short.logits)
      expect(long.blockHashes).not.toEqual(short.blockHashes)
      const { blockHashes } = await answerOf('llama', 256)
      expect((await answerOf('llama', 1_024)).blockHashes).toEqual(blockHashes)
    })
  })
})
