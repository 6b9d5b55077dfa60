/**
 * What is known of an architecture's cache, by llama.cpp's name of it.
 *
 * A plain cache keeps a key and a value of every token in every layer, and nothing else: it can be cut into blocks of tokens and put together
 * again. Every architecture of that list was run on models of random weights, and a test runs them all again
 * (agent/model/architectures.integration.test.ts). What llama.cpp keeps of the others follows its sources, v0.5.0. An architecture of neither
 * list is tried out when its model is loaded.
 */
export type CacheKind =
  | {
      readonly kind: 'plain'
      /** Files may name a window of tokens: ignored by llama.cpp, or kept by some layers. */
      readonly window: 'ignored' | 'kept'
    }
  /** Why it is not plain, to end the sentence "The architecture X ...". */
  | { readonly kind: 'other'; readonly why: string }
  | { readonly kind: 'unknown' }

/** Llama also stands for Mistral 7B, Mixtral, TinyLlama, SmolLM2, Yi and others that were converted under its name. */
const plain = [
  'llama',
  'mistral3',
  'qwen2',
  'qwen2moe',
  'qwen3',
  'qwen3moe',
  'phi2',
  'phi3',
  'phimoe',
  'gemma',
  'falcon',
  'gpt2',
  'gptneox',
  'bloom',
  'mpt',
  'codeshell',
  'starcoder',
  'starcoder2',
  'refact',
  'stablelm',
  'deci',
  'internlm2',
  'baichuan',
  'minicpm',
  'olmo',
  'olmo2',
  'olmoe',
  'granite',
  'granitemoe',
  'deepseek',
  'exaone',
  'exaone4',
  'command-r',
  'nemotron',
  'xverse',
  'orion',
  'arcee',
  'smollm3',
  'ernie4_5',
  'ernie4_5-moe',
  'hunyuan-dense',
  'hunyuan-moe',
  'seed_oss',
  'chatglm',
  'glm4',
  'minimax-m2',
] as const

/** Plain only where the file names no window. */
const keepsWindow: ReadonlySet<string> = new Set(['olmo2', 'exaone4'])

const slidingWindow = 'keeps only a sliding window of tokens in some layers'
const compressed = 'keeps compressed keys and values (multi-head latent attention)'
const indexed = 'keeps an index beside its keys, by which it chooses some of them (sparse attention)'
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
    'cohere2moe',
    'exaone-moe',
    'gpt-oss',
    'smallthinker',
    'afmoe',
    'mimo2',
    'step35',
    'granite_swa',
    'laguna',
    'maple',
    'muse-glimmer',
    'plamo3',
    'spark2_5',
  ],
  [compressed]: ['deepseek2', 'mistral4', 'minicpm3', 'plm'],
  [indexed]: ['deepseek32', 'deepseek4', 'dots3note', 'glm-dsa', 'hy_v4', 'minimax-m3'],
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
    'qwen4exp',
    'kimi-linear',
    'kimi-k3',
    'bailingmoe3',
    'minimax-01',
  ],
  [positions]: ['qwen2vl', 'qwen3vl', 'qwen3vlmoe', 'qwen3tts', 'hunyuan_vl', 'paddleocr'],
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
  [part]: ['clip', 'eagle3', 'dflash', 'gemma4-assistant'],
}

const kinds: ReadonlyMap<string, CacheKind> = new Map<string, CacheKind>([
  ...plain.map((name): [string, CacheKind] => [
    name,
    { kind: 'plain', window: keepsWindow.has(name) ? 'kept' : 'ignored' },
  ]),
  ...Object.entries(others).flatMap(([why, names]) =>
    names.map((name): [string, CacheKind] => [name, { kind: 'other', why }]),
  ),
])

export const plainArchitectures: readonly string[] = plain

export const cacheKindOf = (architecture: string): CacheKind => kinds.get(architecture) ?? { kind: 'unknown' }
