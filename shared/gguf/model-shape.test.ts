import { describe, expect, it } from 'vitest'
import type { SkyError } from '../contract/errors'
import { kvcBytesPerToken } from './kvc-bytes'
import { modelShape, type ModelShape } from './model-shape'
import { parseHeader } from './parse-header'
import { buildGguf, count, counts, flag, oneTensor, text, valuesWith, type Value } from './testing/build-gguf'

export function shapeWith(changes: Readonly<Record<string, Value | null>> = {}): ModelShape {
  const file = buildGguf({ values: valuesWith(changes), tensors: oneTensor, dataBytes: 32 })
  return modelShape('model.gguf', parseHeader('model.gguf', file, file.length))
}

describe('the shape of a model', () => {
  it('is read of its header', () => {
    expect(shapeWith()).toMatchObject({
      architecture: 'llama',
      name: 'Small',
      quantisation: 'Q4_0',
      layers: 22,
      width: 2_048,
      feedForward: 5_632,
      heads: 32,
      kvHeads: new Array(22).fill(4),
      headSizeK: 64,
      headSizeV: 64,
      trainContextTokens: 2_048,
      vocabulary: 4,
      tokenizer: 'llama',
      chatTemplate: '{{ messages }}',
      slidingWindow: null,
      latentAttention: false,
      recurrent: false,
      causal: true,
      splitFiles: 1,
      tensors: 1,
      tensorBytes: 32,
    })
  })

  it('has the heads of each layer where they differ, and sizes that are stated', () => {
    const shape = shapeWith({
      'llama.block_count': count(3),
      'llama.attention.head_count_kv': counts([4, 0, 2]),
      'llama.attention.key_length': count(96),
      'llama.attention.value_length': count(128),
    })
    expect(shape).toMatchObject({ kvHeads: [4, 0, 2], headSizeK: 96, headSizeV: 128 })
    expect(kvcBytesPerToken(shape, 'f16')).toBe(6 * (96 + 128) * 2)
    expect(kvcBytesPerToken(shape, 'q8_0')).toBe(6 * (3 + 4) * 34)
  })

  it('has as many heads of keys as of queries where they are not stated', () => {
    const { kvHeads } = shapeWith({ 'llama.attention.head_count_kv': null })
    expect(kvHeads).toEqual(new Array(22).fill(32))
  })

  it('tells positions as in short contexts up to the length of training, or to what the file says', () => {
    expect(shapeWith().shortContextTokens).toBe(2_048)
    const stretched = shapeWith({ 'llama.rope.scaling.original_context_length': count(512) })
    expect(stretched).toMatchObject({ trainContextTokens: 2_048, shortContextTokens: 512 })
  })

  it('says what is not plain', () => {
    const shape = shapeWith({
      'llama.attention.sliding_window': count(4_096),
      'llama.attention.kv_lora_rank': count(512),
      'llama.ssm.state_size': count(16),
      'llama.attention.causal': flag(false),
      'split.count': count(3),
      'general.file_type': count(99),
      'tokenizer.chat_template': null,
    })
    expect(shape).toMatchObject({
      slidingWindow: 4_096,
      latentAttention: true,
      recurrent: true,
      causal: false,
      splitFiles: 3,
      quantisation: 'type 99',
      chatTemplate: null,
    })
  })

  it('keeps control characters out of names', () => {
    expect(shapeWith({ 'general.name': text('\x1b[31mred') }).name).toBe('\\x1b[31mred')
  })

  it('of an architecture that cannot be used needs no values', () => {
    const shape = shapeWith({ 'general.architecture': text('mamba') })
    expect(shape).toMatchObject({ architecture: 'mamba', layers: 0, heads: 0, kvHeads: [] })
  })

  it.each<[string, Record<string, Value | null>, RegExp]>([
    ['no architecture', { 'general.architecture': null }, /what architecture/],
    ['an architecture that is a number', { 'general.architecture': count(1) }, /is no text/],
    ['no layers', { 'llama.block_count': null }, /llama\.block_count is missing/],
    ['no heads', { 'llama.attention.head_count': null }, /head_count is missing/],
    ['huge layers', { 'llama.block_count': count(2 ** 32 - 1) }, /block_count is 4294967295, which no model/],
    ['huge heads', { 'llama.attention.head_count_kv': count(2 ** 31) }, /which no model has/],
    ['too few heads', { 'llama.attention.head_count_kv': counts([4, 4]) }, /no list of 22 numbers/],
    ['a text for a number', { 'llama.embedding_length': text('wide') }, /is no number/],
    ['a number for a list', { 'tokenizer.ggml.tokens': count(3) }, /is no list/],
    ['a number for a flag', { 'llama.attention.causal': count(1) }, /neither true nor false/],
  ])('is refused with %s', (_, changes, message) => {
    const thrown = (() => {
      try {
        return shapeWith(changes)
      } catch (error) {
        return error as SkyError
      }
    })()
    expect(thrown).toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('bytes of a token', () => {
  it("are TinyLlama's", () => {
    expect(kvcBytesPerToken(shapeWith(), 'f16')).toBe(22_528)
    expect(kvcBytesPerToken(shapeWith(), 'q8_0')).toBe(11_968)
  })
})
