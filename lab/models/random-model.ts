import { writeGguf, type MetadataValue, type TensorToWrite, type WriteOptions } from './gguf-writer'
import { llamaVocabulary } from './llama-vocabulary'
import { randomHalves, randomNorm, randomQ4 } from './random-tensor'

/** The shape of a model of the llama architecture. */
interface LlamaShape {
  readonly name: string
  readonly layers: number
  /** Values of a token's state. */
  readonly width: number
  readonly heads: number
  readonly kvHeads: number
  readonly feedForward: number
  readonly weights: 'f16' | 'q4_0'
}

/**
 * The shapes that random models are made of. Both have contexts of 4,096 tokens, so that the longest prompts of the benchmarks fit.
 * `tinyllama` is TinyLlama-1.1B but for that (it was trained for 2,048).
 */
export const randomModelShapes = {
  tiny: {
    name: 'SkyMemory random tiny',
    layers: 2,
    width: 128,
    heads: 4,
    kvHeads: 2,
    feedForward: 256,
    weights: 'f16',
  },
  tinyllama: {
    name: 'SkyMemory random TinyLlama-1.1B',
    layers: 22,
    width: 2_048,
    heads: 32,
    kvHeads: 4,
    feedForward: 5_632,
    weights: 'q4_0',
  },
} as const satisfies Record<string, LlamaShape>

export type RandomModelShape = keyof typeof randomModelShapes

const contextTokens = 4_096
const beginToken = 1
const endToken = 2
const unknownToken = 0

/** Names the speaker of each message as Zephyr and TinyLlama do. */
const chatTemplate =
  "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + eos_token + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"

/** `general.file_type` of llama.cpp: what most matrices are. */
const fileTypes = { f16: 1, q4_0: 2 } as const

/**
 * Queries and keys are this many times as large as weights that keep the scale of their input. Scores of attention then have a
 * standard deviation of 2.25 instead of 1: a few tokens of a long prompt stand out, where else all would count about the same and
 * nothing that is wrong with one of them would be seen.
 */
const attentionGain = 1.5

/**
 * Write a model of random weights: it speaks nonsense, but it computes as a trained model of its shape does, takes the same memory and
 * time, and its tokenizer (LLaMA's, 32,000 tokens) is a real one. The same shape and seed give the same bytes on every machine.
 * @param seed unsigned 32 bit
 * @returns bytes of the file
 * @throws SkyError `storage_full`, `storage_unwritable`, `cancelled`; the path then holds what it held before
 */
export function writeRandomModel(
  path: string,
  { shape, seed }: { readonly shape: RandomModelShape; readonly seed: number },
  options: WriteOptions = {},
): Promise<number> {
  const llama = randomModelShapes[shape]
  return writeGguf(path, { metadata: metadata(llama, seed), tensors: tensors(llama, seed) }, options)
}

function metadata(llama: LlamaShape, seed: number): Record<string, MetadataValue> {
  const { tokens, scores, types } = llamaVocabulary()
  const count = (value: number): MetadataValue => ({ type: 'uint32', value })
  const text = (value: string): MetadataValue => ({ type: 'string', value })
  const flag = (value: boolean): MetadataValue => ({ type: 'bool', value })
  return {
    'general.architecture': text('llama'),
    'general.name': text(`${llama.name}, seed ${seed}`),
    'general.type': text('model'),
    'general.file_type': count(fileTypes[llama.weights]),
    'general.quantization_version': count(2),
    'llama.context_length': count(contextTokens),
    'llama.embedding_length': count(llama.width),
    'llama.block_count': count(llama.layers),
    'llama.feed_forward_length': count(llama.feedForward),
    'llama.attention.head_count': count(llama.heads),
    'llama.attention.head_count_kv': count(llama.kvHeads),
    'llama.attention.layer_norm_rms_epsilon': { type: 'float32', value: 1e-5 },
    'llama.rope.dimension_count': count(llama.width / llama.heads),
    'llama.rope.freq_base': { type: 'float32', value: 10_000 },
    'llama.vocab_size': count(tokens.length),
    'tokenizer.ggml.model': text('llama'),
    'tokenizer.ggml.pre': text('default'),
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.scores': { type: 'float32s', value: scores },
    'tokenizer.ggml.token_type': { type: 'int32s', value: types },
    'tokenizer.ggml.bos_token_id': count(beginToken),
    'tokenizer.ggml.eos_token_id': count(endToken),
    'tokenizer.ggml.unknown_token_id': count(unknownToken),
    'tokenizer.ggml.padding_token_id': count(endToken),
    'tokenizer.ggml.add_bos_token': flag(true),
    'tokenizer.ggml.add_eos_token': flag(false),
    'tokenizer.ggml.add_space_prefix': flag(true),
    'tokenizer.chat_template': text(chatTemplate),
  }
}

function tensors(llama: LlamaShape, seed: number): TensorToWrite[] {
  const { width, feedForward } = llama
  const vocabulary = llamaVocabulary().tokens.length
  const kvWidth = (width / llama.heads) * llama.kvHeads
  const random = llama.weights === 'f16' ? randomHalves : randomQ4
  /** Weights that keep the scale of what they are applied to, times a gain. */
  const matrix = (name: string, row: number, rows: number, gain = 1): TensorToWrite =>
    random(seed, name, [row, rows], gain / Math.sqrt(row))
  const norm = (name: string): TensorToWrite => randomNorm(seed, name, width)

  const layer = (index: number): TensorToWrite[] => {
    const of = (name: string): string => `blk.${index}.${name}.weight`
    return [
      norm(of('attn_norm')),
      matrix(of('attn_q'), width, width, attentionGain),
      matrix(of('attn_k'), width, kvWidth, attentionGain),
      matrix(of('attn_v'), width, kvWidth),
      matrix(of('attn_output'), width, width),
      norm(of('ffn_norm')),
      matrix(of('ffn_gate'), width, feedForward),
      matrix(of('ffn_up'), width, feedForward),
      matrix(of('ffn_down'), feedForward, width),
    ]
  }
  return [
    matrix('token_embd.weight', width, vocabulary),
    ...Array.from({ length: llama.layers }, (_, index) => layer(index)).flat(),
    norm('output_norm.weight'),
    matrix('output.weight', width, vocabulary),
  ]
}
