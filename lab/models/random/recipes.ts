import type { MetadataValue } from '../gguf-writer'
import { llamaRecipe, type Experts, type Recipe } from './recipe'

const number = (value: number): MetadataValue => ({ type: 'float32', value })
const count = (value: number): MetadataValue => ({ type: 'uint32', value })
const text = (value: string): MetadataValue => ({ type: 'string', value })
const flag = (value: boolean): MetadataValue => ({ type: 'bool', value })

const experts: Experts = { count: 4, used: 2, denseLayers: 0, shared: 'none', choiceBias: false }

/** GPT-2, which the models of StarCoder's, Pythia's and BLOOM's kind depart from. */
const gpt2 = {
  norm: 'layer',
  kvHeads: 'as queries',
  turned: 0,
  fusedAttention: true,
  attentionBias: 'inputs and output',
  feedForward: 'plain',
  feedForwardBias: true,
} as const satisfies Partial<Recipe>

const graniteKeys = {
  logit_scale: number(8),
  residual_scale: number(0.22),
  embedding_scale: number(12),
  'attention.scale': number(0.125),
}

/** Contexts of more tokens turn keys by the factors for long ones. */
const longContext = { 'rope.scaling.original_context_length': count(512) }
const longFactors = ['rope_factors_long', 'rope_factors_short']

/**
 * By llama.cpp's name of the architecture, how its models depart from LLaMA's; and, by other names, models of an architecture that
 * llama.cpp computes otherwise than its other ones.
 * Source: src/models/ and llama-arch.cpp of llama.cpp v0.5.0.
 */
const departures = {
  llama: {},
  mixtral: { architecture: 'llama', experts },
  mistral3: {
    // From the 32nd token on, attention gets sharper the later a token is.
    keys: {
      'rope.scaling.original_context_length': count(32),
      'attention.temperature_scale': number(0.1),
      'rope.scaling.type': text('yarn'),
      'rope.scaling.factor': number(16),
    },
  },
  qwen2: { attentionBias: 'inputs' },
  qwen2moe: { attentionBias: 'inputs', experts: { ...experts, shared: 'gated' } },
  qwen3: { headScale: 2, queryKeyNorm: 'one for all heads', output: 'tied' },
  qwen3moe: { headScale: 2, queryKeyNorm: 'one for all heads', experts },
  phi2: { ...gpt2, turned: 0.5, layerNorms: ['attn_norm'], outputBias: true },
  phi3: {
    fusedAttention: true,
    feedForward: 'gated in one',
    keys: { ...longContext, 'rope.scaling.attn_factor': number(1.19) },
    frequencyFactors: longFactors,
  },
  phimoe: {
    norm: 'rms with bias',
    attentionBias: 'inputs and output',
    experts,
    outputBias: true,
    keys: longContext,
    frequencyFactors: longFactors,
  },
  gemma: { headScale: 2, kvHeads: 'one', output: 'tied' },
  falcon: {
    ...gpt2,
    kvHeads: 'one',
    turned: 1,
    attentionBias: 'none',
    feedForwardBias: false,
    layerNorms: ['attn_norm'],
  },
  'falcon-40b': {
    ...gpt2,
    architecture: 'falcon',
    kvHeads: 'fewer',
    turned: 1,
    attentionBias: 'none',
    feedForwardBias: false,
    layerNorms: ['attn_norm', 'attn_norm_2'],
  },
  gpt2: { ...gpt2, positionTable: true, output: 'tied' },
  gptneox: { ...gpt2, turned: 0.25, keys: { use_parallel_residual: flag(true) } },
  bloom: { ...gpt2, embeddingNorm: true, output: 'tied' },
  mpt: {
    ...gpt2,
    norm: 'layer without bias',
    attentionBias: 'none',
    feedForwardBias: false,
    output: 'tied',
    keys: { 'attention.max_alibi_bias': number(8), 'attention.clamp_kqv': number(8) },
  },
  codeshell: { ...gpt2, kvHeads: 'fewer', turned: 1 },
  starcoder: { ...gpt2, kvHeads: 'one', positionTable: true },
  starcoder2: { ...gpt2, kvHeads: 'fewer', turned: 1, fusedAttention: false, output: 'tied' },
  refact: { kvHeads: 'one', turned: 0 },
  stablelm: { norm: 'layer', turned: 0.25, attentionBias: 'inputs' },
  'stablelm-12b': {
    architecture: 'stablelm',
    norm: 'layer',
    turned: 0.25,
    layerNorms: ['attn_norm'],
    queryKeyNorm: 'one for each head',
  },
  deci: { leastLayers: 3, kvHeads: 'fewer by layer' },
  internlm2: {},
  baichuan: { kvHeads: 'as queries' },
  // Of 40 layers, positions are told by ALiBi.
  'baichuan-13b': { architecture: 'baichuan', kvHeads: 'as queries', leastLayers: 40 },
  minicpm: {},
  olmo: {
    norm: 'layer without weights',
    kvHeads: 'as queries',
    layerNorms: [],
    keys: { 'attention.clamp_kqv': number(2) },
  },
  olmo2: { layerNorms: ['post_attention_norm', 'post_ffw_norm'], queryKeyNorm: 'across heads' },
  olmoe: { kvHeads: 'as queries', queryKeyNorm: 'across heads', experts },
  granite: { keys: graniteKeys, output: 'tied' },
  granitemoe: { keys: graniteKeys, experts: { ...experts, shared: 'plain' } },
  deepseek: {
    kvHeads: 'as queries',
    experts: { ...experts, denseLayers: 1, shared: 'plain' },
    keys: { expert_shared_count: count(1) },
  },
  exaone: { frequencyFactors: ['rope_freqs'] },
  exaone4: {
    layerNorms: ['post_attention_norm', 'post_ffw_norm'],
    queryKeyNorm: 'one for all heads',
  },
  'command-r': {
    norm: 'layer without bias',
    layerNorms: ['attn_norm'],
    output: 'tied',
    keys: { logit_scale: number(0.0625) },
  },
  // Of 64 layers and more, queries and keys have norms.
  'command-r-plus': {
    architecture: 'command-r',
    leastLayers: 64,
    norm: 'layer without bias',
    layerNorms: ['attn_norm'],
    queryKeyNorm: 'one for each head',
    output: 'tied',
    keys: { logit_scale: number(0.0625) },
  },
  nemotron: { norm: 'layer', turned: 0.5, feedForward: 'plain' },
  xverse: { kvHeads: 'as queries' },
  orion: { norm: 'layer' },
  arcee: { feedForward: 'plain' },
  // Every fourth layer turns no positions.
  smollm3: { leastLayers: 4, output: 'tied' },
  ernie4_5: { output: 'tied' },
  'ernie4_5-moe': {
    experts: { ...experts, denseLayers: 1, shared: 'plain', choiceBias: true },
    keys: { interleave_moe_layer_step: count(1) },
  },
  'hunyuan-dense': { queryKeyNorm: 'one for all heads', keys: { 'rope.scaling.alpha': number(1_000) } },
  'hunyuan-moe': { queryKeyNorm: 'one for all heads', experts: { ...experts, shared: 'plain' } },
  seed_oss: { headScale: 2, attentionBias: 'inputs', layerNorms: ['attn_norm', 'post_attention_norm'] },
  chatglm: { fusedAttention: true, attentionBias: 'inputs', turned: 0.5, feedForward: 'gated in one' },
  glm4: {
    turned: 0.5,
    attentionBias: 'inputs',
    layerNorms: ['attn_norm', 'post_attention_norm', 'ffn_norm', 'post_ffw_norm'],
    feedForward: 'gated in one',
  },
  'minimax-m2': {
    turned: 0.5,
    queryKeyNorm: 'across heads',
    experts: { ...experts, choiceBias: true },
    keys: { expert_gating_func: count(2) },
  },
} as const satisfies Record<string, Partial<Recipe>>

export type RecipeName = keyof typeof departures

export const recipeNames = Object.keys(departures) as readonly RecipeName[]

export const recipeOf = (name: RecipeName): Recipe => ({
  ...llamaRecipe,
  architecture: name,
  ...departures[name],
})
