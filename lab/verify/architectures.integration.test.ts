import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProofAnswer } from '#shared/contract/agent-control'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import type { LabHosts } from '../hosts/lab-hosts'
import { localLab } from '../local/local-lab'
import { randomModelShapes, writeRandomModel, writeRecipe } from '../models/random-model'
import { recipeOf } from '../models/random/recipes'
import { llamaMissing } from '../models/testing/llama-package'
import { verifyModel } from './verify-model'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'skymemory-architectures-'))
const modelsDirectory = join(folder, 'models')
const parameters: ParameterValues = {
  ...defaultParameters,
  slots: 5,
  planes: 3,
  centre_slot: 2,
  centre_plane: 1,
  engine: 'llama',
  block_tokens: 32,
  context_tokens: 256,
  threads: 1,
}
const text = 'A satellite keeps what the model has read, and gives it back to whoever asks again. '.repeat(20)
const { signal } = new AbortController()

const startLab = localLab({
  nodeExecutable: process.execPath,
  agentEntry: join(root, 'out/agent/skymemory-agent.mjs'),
  journalDirectory: join(folder, 'journals'),
  models: { packageFolder: join(root, 'agent/llama'), modelsDirectory },
})

const verify = (model: string, kv_type: ParameterValues['kv_type']) =>
  verifyModel({
    startLab,
    parameters: { ...parameters, model, kv_type },
    text,
    promptTokens: 140,
    maxTokens: 5,
    signal,
    onStep: () => undefined,
    onVerdict: () => undefined,
  })

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

  async function withLab(act: (lab: LabHosts) => Promise<void>): Promise<void> {
    const none = (): undefined => undefined
    const lab = await startLab({ slots: 5, planes: 3 }, none, none, signal)
    try {
      await act(lab)
    } finally {
      await lab.stop()
    }
  }

  test.each([
    ['gpt2', 'f16'],
    ['qwen3moe', 'q8_0'],
    // Nobody has proven it: it is tried out when it is loaded.
    ['maincoder', 'f16'],
  ] as const)('of the model %s at %s stand every step of the proof', async (name, kvType) => {
    const { passed, verdicts, model } = await verify(name, kvType)
    expect(verdicts.filter((verdict) => !verdict.passed)).toEqual([])
    expect(passed).toBe(true)
    expect(verdicts).toHaveLength(11)
    expect(model).toMatchObject({ architecture: name, kvType })
  })

  test('that nobody has proven are refused where their cache is not plain, and the host goes on', async () => {
    await withLab(async (lab) => {
      const open = (model: string) =>
        lab.inference().call('openModel', { parameters: { ...parameters, model } }, signal)
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
        const changed = { ...parameters, cache: 'off', model, context_tokens } as const
        await lab.inference().call('openModel', { parameters: changed }, signal)
        const request = { text, promptTokens: 100, maxTokens: 1, useCache: false, withLogits: true }
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
