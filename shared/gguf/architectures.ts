/**
 * What is known of an architecture's cache, by llama.cpp's name of it.
 *
 * A plain cache keeps a key and a value of every token in every layer, and nothing else: it can be cut into blocks of tokens and put together
 * again. The lists follow the sources of llama.cpp; what is in doubt is in none of them, and is refused.
 */
export type CacheKind =
  | { readonly kind: 'plain' }
  /** Why it is not plain, to end the sentence "The architecture X ...". */
  | { readonly kind: 'other'; readonly why: string }
  | { readonly kind: 'unknown' }

/** Llama also stands for Mistral 7B, TinyLlama, SmolLM2, Yi and others that were converted under its name. */
const plain = [
  'llama',
  'mistral3',
  'qwen2',
  'qwen2moe',
  'qwen3',
  'qwen3moe',
  'phi2',
  'phi3',
  'gemma',
  'falcon',
  'gpt2',
  'gptneox',
  'starcoder',
  'starcoder2',
  'stablelm',
  'internlm2',
  'baichuan',
  'minicpm',
  'olmo',
  'olmoe',
  'granite',
  'granitemoe',
  'deepseek',
  'exaone',
  'command-r',
  'nemotron',
  'xverse',
  'orion',
  'arcee',
  'smollm3',
  'ernie4_5',
  'hunyuan-dense',
  'seed_oss',
] as const

const slidingWindow = 'keeps only a sliding window of tokens in some layers'
const compressed = 'keeps compressed keys and values (multi-head latent attention)'
const recurrent = 'keeps a recurrent state, which has no tokens to cut at'
const hybrid = 'keeps a recurrent state beside its keys and values'
const positions = 'counts positions in several dimensions'
const encoder = 'is an encoder: it does not generate text token by token'
const diffusion = 'is a diffusion model: it does not generate text token by token'
const part = 'is not a language model of its own but a part of one'

const others: Readonly<Record<string, readonly string[]>> = {
  [slidingWindow]: [
    'gemma2',
    'gemma3',
    'gemma3n',
    'gemma4',
    'llama4',
    'cohere2',
    'exaone-moe',
    'gpt-oss',
    'smallthinker',
    'afmoe',
    'mimo2',
    'step35',
  ],
  [compressed]: ['deepseek2', 'deepseek32', 'glm-dsa', 'minicpm3', 'plm'],
  [recurrent]: ['mamba', 'mamba2', 'rwkv6', 'rwkv6qwen2', 'rwkv7', 'arwkv7'],
  [hybrid]: [
    'jamba',
    'falcon-h1',
    'plamo2',
    'granitehybrid',
    'nemotron_h',
    'nemotron_h_moe',
    'lfm2',
    'lfm2moe',
    'qwen3next',
    'qwen35',
    'qwen35moe',
    'kimi-linear',
  ],
  [positions]: ['qwen2vl', 'qwen3vl', 'qwen3vlmoe', 'hunyuan_vl', 'paddleocr'],
  [encoder]: [
    'bert',
    'modern-bert',
    'nomic-bert',
    'nomic-bert-moe',
    'neo-bert',
    'jina-bert-v2',
    'jina-bert-v3',
    'eurobert',
    't5',
    't5encoder',
    'gemma-embedding',
    'llama-embed',
    'wavtokenizer-dec',
  ],
  [diffusion]: ['dream', 'llada', 'llada-moe', 'rnd1'],
  [part]: ['clip', 'eagle3'],
}

const kinds: ReadonlyMap<string, CacheKind> = new Map<string, CacheKind>([
  ...plain.map((name): [string, CacheKind] => [name, { kind: 'plain' }]),
  ...Object.entries(others).flatMap(([why, names]) =>
    names.map((name): [string, CacheKind] => [name, { kind: 'other', why }]),
  ),
])

export const plainArchitectures: readonly string[] = plain

export const cacheKindOf = (architecture: string): CacheKind => kinds.get(architecture) ?? { kind: 'unknown' }
