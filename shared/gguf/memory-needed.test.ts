import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { kvTypes } from './kvc-bytes'
import { memoryNeeded, type MemoryNeeded, type ModelUse } from './memory-needed'
import type { ModelShape } from './model-shape'

const shape = (values: Partial<ModelShape>): ModelShape => ({
  architecture: 'llama',
  name: '',
  quantisation: '',
  layers: 0,
  width: 0,
  feedForward: 0,
  heads: 0,
  kvHeads: [],
  headSizeK: 0,
  headSizeV: 0,
  trainContextTokens: 0,
  shortContextTokens: 0,
  vocabulary: 32_000,
  tokenizer: 'llama',
  chatTemplate: null,
  slidingWindow: null,
  latentAttention: false,
  recurrent: false,
  causal: true,
  splitFiles: 1,
  tensors: 1,
  parameters: 1,
  tensorBytes: 0,
  wholeFileBytes: 0,
  ...values,
})

/** The random models of `skymemory model random`. */
const shapes = {
  tiny: shape({
    layers: 2,
    width: 128,
    feedForward: 256,
    heads: 4,
    kvHeads: [2, 2],
    headSizeK: 32,
    headSizeV: 32,
    tensorBytes: 16_976_384,
  }),
  tinyllama: shape({
    layers: 22,
    width: 2_048,
    feedForward: 5_632,
    heads: 32,
    kvHeads: new Array<number>(22).fill(4),
    headSizeK: 64,
    headSizeV: 64,
    tensorBytes: 619_146_240,
  }),
}

const onTheWay = ({ total, copies }: MemoryNeeded): number => total - copies

/**
 * Largest resident memory (VmHWM) of a model's process, MB: of tiny with a context that was filled to the end, of the 1.1B shape without
 * mapping its file, with some hundred tokens.
 */
test.each([
  ['tiny', 1_024, 32, 'f16', 174.8],
  ['tiny', 1_024, 128, 'f16', 164.7],
  ['tiny', 4_096, 128, 'f16', 182.4],
  ['tiny', 4_096, 2_048, 'f16', 188.9],
  ['tiny', 16_384, 128, 'f16', 220.4],
  ['tiny', 16_384, 512, 'f16', 210.6],
  ['tiny', 16_384, 512, 'q8_0', 195.8],
  ['tiny', 16_384, 2_048, 'f16', 252],
  ['tiny', 16_384, 8_192, 'f16', 482.5],
  ['tinyllama', 2_048, 512, 'f16', 866.8],
  ['tinyllama', 4_096, 128, 'f16', 838.8],
  ['tinyllama', 16_384, 128, 'f16', 1_116.6],
] as const)(
  '%s with %i tokens in batches of %i at %s: near what was measured',
  (name, contextTokens, batchTokens, kvType, measuredMB) => {
    const needed = onTheWay(memoryNeeded(shapes[name], { contextTokens, batchTokens, kvType }))
    expect(needed / 1e6 / measuredMB).toBeGreaterThan(0.95)
    expect(needed / 1e6 / measuredMB).toBeLessThan(1.35)
  },
)

describe('the memory of a model', () => {
  const use: ModelUse = { kvType: 'f16', contextTokens: 4_096, batchTokens: 128 }

  it('is the sum of its parts', () => {
    const { weights, cache, compute, copies, program, total } = memoryNeeded(shapes.tinyllama, use)
    expect(weights).toBe(619_146_240)
    expect(cache).toBe(22_528 * 4_096)
    expect(copies).toBe(2 * cache)
    expect(total).toBe(weights + cache + compute + copies + program)
  })

  it('of a context of 131,072 tokens is no multiple of its cache for the sake of attention', () => {
    const long = memoryNeeded(shapes.tiny, { ...use, contextTokens: 131_072, batchTokens: 2_048 })
    // A mask of 2 B for each token of the batch and the context; 20,000 tokens of it took 249 MB in all.
    expect(onTheWay(long)).toBeLessThan(0.9e9)
    expect(long.compute).toBeGreaterThan(2_048 * 131_072 * 2)
  })

  it('of a batch is never that of more tokens than the context has', () => {
    const whole = memoryNeeded(shapes.tiny, { ...use, batchTokens: 4_096 })
    expect(memoryNeeded(shapes.tiny, { ...use, batchTokens: 65_536 })).toEqual(whole)
  })

  it('grows with every token of context and batch', () => {
    const tokens = fc.integer({ min: 1, max: 1_000_000 })
    fc.assert(
      fc.property(tokens, tokens, fc.constantFrom(...kvTypes), (contextTokens, batchTokens, kvType) => {
        const of = (changes: Partial<ModelUse>): number =>
          memoryNeeded(shapes.tiny, { contextTokens, batchTokens, kvType, ...changes }).total
        expect(of({ contextTokens: contextTokens + 1 })).toBeGreaterThan(of({}))
        expect(of({ batchTokens: batchTokens + 1 })).toBeGreaterThanOrEqual(of({}))
      }),
    )
  })
})
