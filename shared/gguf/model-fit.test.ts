import { describe, expect, it } from 'vitest'
import { memoryNeeded } from './memory-needed'
import {
  glibcProblem,
  whatDoesNotFit,
  whatNeverFits,
  type Circumstances,
  type ModelProblem,
} from './model-fit'
import type { ModelShape } from './model-shape'

/** TinyLlama-1.1B in q4_0. */
const tinyLlama: ModelShape = {
  architecture: 'llama',
  name: 'TinyLlama',
  quantisation: 'Q4_0',
  layers: 22,
  width: 2_048,
  feedForward: 5_632,
  heads: 32,
  kvHeads: new Array<number>(22).fill(4),
  headSizeK: 64,
  headSizeV: 64,
  trainContextTokens: 2_048,
  shortContextTokens: 2_048,
  vocabulary: 32_000,
  tokenizer: 'llama',
  chatTemplate: null,
  slidingWindow: null,
  latentAttention: false,
  recurrent: false,
  causal: true,
  splitFiles: 1,
  tensors: 201,
  parameters: 1_100_048_384,
  tensorBytes: 619_146_240,
  wholeFileBytes: 619_830_272,
}

const usual: Circumstances = {
  kvType: 'f16',
  contextTokens: 2_048,
  batchTokens: 128,
  fileBytes: tinyLlama.wholeFileBytes,
  freeMemoryBytes: 8e9,
}

function problems(shape: Partial<ModelShape>, circumstances: Partial<Circumstances> = {}): ModelProblem[] {
  return whatDoesNotFit({ ...tinyLlama, ...shape }, { ...usual, ...circumstances })
}

const kinds = (found: readonly ModelProblem[]): string[] => found.map(({ kind }) => kind)

describe('what does not fit', () => {
  it('is nothing for a plain model on a machine that is large enough', () => {
    expect(problems({})).toEqual([])
    expect(problems({}, { kvType: 'q8_0', freeMemoryBytes: null })).toEqual([])
  })

  it.each([
    ['gemma2', /sliding window/],
    ['gemma3', /sliding window/],
    ['deepseek2', /latent attention/],
    ['mamba', /recurrent state, which/],
    ['rwkv7', /recurrent state, which/],
    ['jamba', /recurrent state beside/],
    ['falcon-h1', /recurrent state beside/],
    ['qwen2vl', /several dimensions/],
    ['bert', /encoder/],
    ['clip', /part of one/],
    ['deepseek32', /sparse attention/],
  ])('is the architecture %s, by its name', (architecture, message) => {
    const found = problems({ architecture })
    expect(kinds(found)).toEqual(['architecture'])
    expect(found[0]).toMatchObject({ severity: 'error', found: architecture })
    expect(found[0]?.message).toMatch(message)
    expect(found[0]?.message).toContain(`The architecture ${architecture} `)
    expect(found[0]?.hint).toContain('llama, mistral3, qwen2')
  })

  it('is no architecture that nobody has proven: it is tried out', () => {
    const [found, ...others] = problems({ architecture: 'something-new' })
    expect(others).toEqual([])
    expect(found).toMatchObject({ kind: 'architecture', severity: 'warning', found: 'something-new' })
    expect(found?.message).toContain('tried out whenever the model is loaded')
    expect(found?.hint).toContain('skymemory verify')
    // What its header says of its cache, and memory, are held against it all the same.
    const spoilt = problems({ architecture: 'something-new', latentAttention: true })
    expect(kinds(spoilt)).toEqual(['architecture', 'latent_attention'])
    expect(kinds(problems({ architecture: 'something-new' }, { freeMemoryBytes: 1 }))).toEqual([
      'architecture',
      'memory',
    ])
  })

  it.each(['olmo2', 'exaone4'])('is any window of %s, which keeps it', (architecture) => {
    expect(problems({ architecture })).toEqual([])
    const found = problems({ architecture, slidingWindow: 4_096 })
    expect(kinds(found)).toEqual(['architecture'])
    expect(found[0]?.message).toContain('sliding window of 4096 tokens')
  })

  it('is a window that is shorter than the context', () => {
    expect(kinds(problems({ slidingWindow: 2_047 }))).toEqual(['sliding_window'])
    expect(problems({ slidingWindow: 2_048 })).toEqual([])
  })

  it.each<[string, Partial<ModelShape>]>([
    ['latent_attention', { latentAttention: true }],
    ['recurrent', { recurrent: true }],
    ['not_causal', { causal: false }],
    ['no_tokenizer', { tokenizer: null }],
    ['no_tokenizer', { vocabulary: 0 }],
    ['split', { splitFiles: 2 }],
    ['truncated', { tensors: 0 }],
  ])('is %s', (kind, shape) => {
    expect(kinds(problems(shape))).toEqual([kind])
    expect(kinds(whatNeverFits({ ...tinyLlama, ...shape }, usual.fileBytes))).toEqual([kind])
  })

  it('is a head that q8_0 cannot cut', () => {
    expect(kinds(problems({ headSizeK: 80 }, { kvType: 'q8_0' }))).toEqual(['cache_type'])
    expect(kinds(problems({ headSizeV: 80 }, { kvType: 'q8_0' }))).toEqual(['cache_type'])
    expect(problems({ headSizeK: 80 })).toEqual([])
  })

  it('is a truncated file, with what is missing', () => {
    const [found] = problems({}, { fileBytes: tinyLlama.wholeFileBytes - 100 })
    expect(found).toMatchObject({ kind: 'truncated', found: '619830172 of 619830272 bytes' })
    expect(found?.message).toContain('100 bytes are missing')
    expect(problems({}, { fileBytes: tinyLlama.wholeFileBytes + 28 })).toEqual([])
  })

  it('is too little memory, with every part of it', () => {
    const use = { contextTokens: 2_048, batchTokens: 128, kvType: 'f16' } as const
    const { total } = memoryNeeded(tinyLlama, use)
    expect(problems({}, { freeMemoryBytes: total })).toEqual([])
    const [found] = problems({}, { freeMemoryBytes: total - 1 })
    expect(found).toMatchObject({ kind: 'memory', severity: 'error' })
    expect(found?.message).toMatch(
      /needs about .* 619\.1 MB for its weights, 46\.1 MB for the cache of 2048 tokens at f16, 92\.3 MB for its copies/,
    )
    expect(found?.message).toMatch(/MB are free/)
    expect(found?.hint).toContain('smaller context')
    expect(problems({}, { freeMemoryBytes: 1e6 })[0]?.hint).not.toContain('smaller context')
  })

  it('is a warning for a context that is longer than the training', () => {
    expect(problems({}, { contextTokens: 2_049 })).toMatchObject([{ kind: 'context', severity: 'warning' }])
    expect(problems({ trainContextTokens: 0 }, { contextTokens: 100_000 })).toEqual([])
  })

  it('may be several things', () => {
    const found = problems(
      { slidingWindow: 100, headSizeK: 80 },
      { kvType: 'q8_0', contextTokens: 4_096, fileBytes: 1 },
    )
    expect(kinds(found)).toEqual(['truncated', 'sliding_window', 'cache_type', 'context'])
  })
})

describe('the C library', () => {
  it.each(['2.34', '2.35', '2.41', '3.0'])('%s is new enough', (version) => {
    expect(glibcProblem(version)).toBeNull()
  })

  it.each(['2.31', '2.9', '1.99', 'strange', ''])('%j is not', (version) => {
    expect(glibcProblem(version)).toMatchObject({ kind: 'system_library', severity: 'error', found: version })
  })

  it('may be another one', () => {
    expect(glibcProblem(null)?.message).toContain('another C library')
  })
})
