import { join } from 'node:path'
import llamaTokenizer from 'llama-tokenizer-js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/folders'
import { writeRandomModel } from './random-model'
import { llamaMissing, useModel } from './testing/llama-package'

if (llamaMissing) console.warn(llamaMissing)

describe.skipIf(llamaMissing)('a random model in llama.cpp', () => {
  it('loads, tokenises as LLaMA does, and answers with numbers', async () => {
    const path = join(temporaryFolder(), 'tiny.gguf')
    await writeRandomModel(path, { shape: 'tiny', seed: 3 })
    const texts = [
      'Hello world',
      'Is it 42°C in Tōkyō? — "Yes", 她说。 🛰️\n\tEnd.',
      ...fc.sample(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), { numRuns: 200, seed: 1 }),
    ]
    const used = await useModel(path, texts)
    expect(used.tokens[0]).toEqual([15043, 3186])
    // Both add the space before the first word; neither adds the begin of the text.
    expect(used.tokens).toEqual(texts.map((text) => llamaTokenizer.encode(text, false, true)))
    expect(used.special).toEqual({ begin: 1, end: 2 })
    expect(used.trainContext).toBe(4096)
    expect(used.chatTemplate).toContain('<|assistant|>')

    expect(used.probabilities.count).toBe(32_000)
    expect(used.probabilities.sum).toBeCloseTo(1, 3)
    // Neither all alike nor one that rules: between twice the mean and a tenth.
    expect(used.probabilities.max).toBeGreaterThan(2 / 32_000)
    expect(used.probabilities.max).toBeLessThan(0.1)
    expect(used.greedy).toHaveLength(16)
    expect(new Set(used.greedy).size).toBeGreaterThan(8)
  })
})
