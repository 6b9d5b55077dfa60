import { writeGguf, type MetadataValue, type WriteOptions } from './gguf-writer'
import { llamaVocabulary } from './llama-vocabulary'
import type { Recipe } from './random/recipe'
import { recipeMetadata } from './random/recipe-metadata'
import { recipeTensors } from './random/recipe-tensors'
import { recipeOf, type RecipeName } from './random/recipes'
import { sizesOf, type ModelSize } from './random/sizes'

/**
 * The shapes that random models are made of. `tinyllama` is TinyLlama-1.1B but for its context (it was trained for 2,048 tokens);
 * `micro` has a short vocabulary, so that all logits behind many tokens are soon compared.
 */
export const randomModelShapes = {
  micro: {
    name: 'SkyMemory random micro',
    layers: 2,
    width: 128,
    heads: 4,
    kvHeads: 2,
    feedForward: 256,
    vocabulary: 2_048,
    weights: 'f16',
  },
  tiny: {
    name: 'SkyMemory random tiny',
    layers: 2,
    width: 128,
    heads: 4,
    kvHeads: 2,
    feedForward: 256,
    vocabulary: 32_000,
    weights: 'f16',
  },
  tinyllama: {
    name: 'SkyMemory random TinyLlama-1.1B',
    layers: 22,
    width: 2_048,
    heads: 32,
    kvHeads: 4,
    feedForward: 5_632,
    vocabulary: 32_000,
    weights: 'q4_0',
  },
} as const satisfies Record<string, ModelSize>

export type RandomModelShape = keyof typeof randomModelShapes

const beginToken = 1
const endToken = 2
const unknownToken = 0

/** Names the speaker of each message as Zephyr and TinyLlama do. */
const chatTemplate =
  "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + eos_token + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"

/** `general.file_type` of llama.cpp: what most matrices are. */
const fileTypes = { f16: 1, q4_0: 2 } as const

export interface RandomModel {
  readonly shape: RandomModelShape
  /** LLaMA's unless it is named. */
  readonly architecture?: RecipeName
  /** Unsigned, of 32 bits. */
  readonly seed: number
}

/**
 * Write a model of random weights: it speaks nonsense, but it computes as a trained model of its shape does, takes the same memory and
 * time, and its tokenizer (LLaMA's, 32,000 tokens or the first of them) is a real one. The same shape, architecture and seed give the
 * same bytes on every machine.
 * @returns bytes of the file
 * @throws SkyError `storage_full`, `storage_unwritable`, `cancelled`; the path then holds what it held before
 */
export function writeRandomModel(
  path: string,
  { shape, architecture = 'llama', seed }: RandomModel,
  options: WriteOptions = {},
): Promise<number> {
  return writeRecipe(path, { recipe: recipeOf(architecture), size: randomModelShapes[shape], seed }, options)
}

/** The same of a recipe that need not be of the table. */
export function writeRecipe(
  path: string,
  { recipe, size, seed }: { readonly recipe: Recipe; readonly size: ModelSize; readonly seed: number },
  options: WriteOptions = {},
): Promise<number> {
  const sizes = sizesOf(size, recipe)
  const metadata = { ...general(recipe, size, seed), ...recipeMetadata(recipe, sizes), ...tokenizer(size) }
  const tensors = recipeTensors(recipe, sizes, { seed, weights: size.weights })
  return writeGguf(path, { metadata, tensors }, options)
}

const count = (value: number): MetadataValue => ({ type: 'uint32', value })
const text = (value: string): MetadataValue => ({ type: 'string', value })
const flag = (value: boolean): MetadataValue => ({ type: 'bool', value })

const general = (
  { architecture }: Recipe,
  { name, weights }: ModelSize,
  seed: number,
): Record<string, MetadataValue> => ({
  'general.architecture': text(architecture),
  'general.name': text(`${name}, seed ${seed}`),
  'general.type': text('model'),
  'general.file_type': count(fileTypes[weights]),
  'general.quantization_version': count(2),
})

function tokenizer({ vocabulary }: ModelSize): Record<string, MetadataValue> {
  const { tokens, scores, types } = llamaVocabulary(vocabulary)
  return {
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
