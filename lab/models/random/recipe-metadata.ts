import type { MetadataValue } from '../gguf-writer'
import type { Recipe } from './recipe'
import type { Sizes } from './sizes'

const count = (value: number): MetadataValue => ({ type: 'uint32', value })
const number = (value: number): MetadataValue => ({ type: 'float32', value })

/** What llama.cpp reads of a model's shape, by full keys. */
export function recipeMetadata(recipe: Recipe, sizes: Sizes): Record<string, MetadataValue> {
  const { architecture, headScale, norm, turned, experts, keys } = recipe
  const epsilon = norm.startsWith('rms') ? 'layer_norm_rms_epsilon' : 'layer_norm_epsilon'
  const values: Record<string, MetadataValue> = {
    context_length: count(sizes.contextTokens),
    embedding_length: count(sizes.width),
    block_count: count(sizes.layers),
    feed_forward_length: count(sizes.feedForward),
    'attention.head_count': count(sizes.heads),
    'attention.head_count_kv':
      new Set(sizes.kvHeads).size === 1
        ? count(sizes.kvHeads[0] ?? 0)
        : { type: 'int32s', value: sizes.kvHeads },
    [`attention.${epsilon}`]: number(1e-5),
    ...(headScale === 1
      ? {}
      : {
          'attention.key_length': count(sizes.headSize),
          'attention.value_length': count(sizes.headSize),
        }),
    ...(turned === 0
      ? {}
      : {
          'rope.dimension_count': count(sizes.headSize * turned),
          'rope.freq_base': number(10_000),
        }),
    ...(experts === null
      ? {}
      : {
          expert_count: count(experts.count),
          expert_used_count: count(experts.used),
          leading_dense_block_count: count(experts.denseLayers),
          expert_feed_forward_length: count(sizes.feedForward),
          ...(experts.shared === 'none'
            ? {}
            : { expert_shared_feed_forward_length: count(sizes.feedForward) }),
        }),
    vocab_size: count(sizes.vocabulary),
    ...keys,
  }
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${architecture}.${key}`, value]))
}
