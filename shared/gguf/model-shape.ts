import { printable } from '../text/printable'
import { cacheKindOf } from './architectures'
import { quantisationName } from './file-types'
import { damaged } from './header-cursor'
import type { GgufHeader, HeaderValue } from './parse-header'

/** What of a model decides how it is run and how large its cache is. */
export interface ModelShape {
  /** llama.cpp's name, such as `llama`. */
  readonly architecture: string
  /** What the file calls itself; may be empty, and is free of control characters. */
  readonly name: string
  /** Such as `Q4_0`. */
  readonly quantisation: string
  readonly layers: number
  /** Values of a token's state between layers. */
  readonly width: number
  readonly feedForward: number
  /** Heads of queries, the most of any layer. */
  readonly heads: number
  /** Heads of keys and values, one number a layer; 0 where a layer has no attention. */
  readonly kvHeads: readonly number[]
  /** Values of one head's key, and of its value. */
  readonly headSizeK: number
  readonly headSizeV: number
  /** Tokens of the longest text that it was trained on; 0 when the file does not say it. */
  readonly trainContextTokens: number
  /** Tokens of the longest context in which positions are told as in short ones; in longer ones some models turn keys otherwise. */
  readonly shortContextTokens: number
  readonly vocabulary: number
  /** `tokenizer.ggml.model`, such as `llama` (SentencePiece) or `gpt2` (BPE). */
  readonly tokenizer: string | null
  readonly chatTemplate: string | null
  /** Tokens that attention looks back, where the file limits it. */
  readonly slidingWindow: number | null
  /** Multi-head latent attention: the cache is compressed. */
  readonly latentAttention: boolean
  /** A state of fixed size takes the place of keys and values in some or all layers. */
  readonly recurrent: boolean
  /** False for encoders, whose tokens look at later ones. */
  readonly causal: boolean
  /** Files that the model was split into; 1 when it is whole. */
  readonly splitFiles: number
  readonly tensors: number
  readonly parameters: number
  readonly tensorBytes: number
  /** Bytes that the whole file has at least. */
  readonly wholeFileBytes: number
}

/** Limits that no model comes near; above them a file is damaged, bytes and counts derived from them stay exact. */
const most = { layers: 4_096, heads: 65_536, size: 2 ** 24, tokens: 2 ** 31 } as const
/** Chat templates have up to about 20 kB; a longer text is none. */
const longestTemplate = 256 * 1024

/**
 * @param file names the file in messages
 * @throws SkyError `invalid_model` when a value is missing that a model of its kind must have, or is none that any model has. Of models that
 *   cannot be used anyway, what is missing is 0.
 */
export function modelShape(file: string, header: GgufHeader): ModelShape {
  const values = new Values(file, header.metadata)
  const architecture = values.text('general.architecture')
  if (architecture === null || architecture === '') {
    throw damaged(file, 'it does not say what architecture its model has (general.architecture)')
  }
  const key = (name: string): string => `${architecture}.${name}`
  const isUsable = cacheKindOf(architecture).kind !== 'other'
  const needed = (name: string, limit: number): number =>
    values.count(key(name), limit) ?? (isUsable ? values.missing(key(name)) : 0)

  const layers = needed('block_count', most.layers)
  const width = needed('embedding_length', most.size)
  const headList = values.perLayer(key('attention.head_count'), layers, most.heads)
  const heads = Math.max(0, ...(headList ?? []))
  if (isUsable && heads === 0) values.missing(key('attention.head_count'))
  const trainContextTokens = values.count(key('context_length'), most.tokens) ?? 0
  const headSize = heads > 0 ? Math.floor(width / heads) : 0

  return {
    architecture: printable(architecture),
    name: printable(values.text('general.name') ?? ''),
    quantisation: quantisationName(values.count('general.file_type', most.size)),
    layers,
    width,
    feedForward: Math.max(0, ...(values.perLayer(key('feed_forward_length'), layers, most.size) ?? [])),
    heads,
    kvHeads: values.perLayer(key('attention.head_count_kv'), layers, most.heads) ?? headList ?? [],
    headSizeK: values.count(key('attention.key_length'), most.size) ?? headSize,
    headSizeV: values.count(key('attention.value_length'), most.size) ?? headSize,
    trainContextTokens,
    shortContextTokens:
      values.count(key('rope.scaling.original_context_length'), most.tokens) ?? trainContextTokens,
    vocabulary:
      values.listLength('tokenizer.ggml.tokens') ?? values.count(key('vocab_size'), most.tokens) ?? 0,
    tokenizer: values.text('tokenizer.ggml.model'),
    chatTemplate: values.text('tokenizer.chat_template', longestTemplate),
    slidingWindow: values.count(key('attention.sliding_window'), most.tokens) || null,
    latentAttention: (values.count(key('attention.kv_lora_rank'), most.size) ?? 0) > 0,
    recurrent: ['ssm.state_size', 'ssm.conv_kernel', 'wkv.head_size', 'shortconv.l_cache'].some((name) =>
      header.metadata.has(key(name)),
    ),
    causal: values.flag(key('attention.causal')) ?? true,
    splitFiles: values.count('split.count', most.heads) || 1,
    tensors: header.tensors,
    parameters: header.parameters,
    tensorBytes: header.tensorBytes,
    wholeFileBytes: header.wholeFileBytes,
  }
}

/** Metadata by what a value must be; null where it is not there. */
class Values {
  constructor(
    private readonly file: string,
    private readonly metadata: ReadonlyMap<string, HeaderValue>,
  ) {}

  text(key: string, longest = 65_536): string | null {
    const found = this.metadata.get(key)
    if (found === undefined) return null
    if (found.kind !== 'text') return this.wrong(key, 'is no text')
    return found.value.length <= longest ? found.value : null
  }

  flag(key: string): boolean | null {
    const found = this.metadata.get(key)
    if (found === undefined) return null
    return found.kind === 'flag' ? found.value : this.wrong(key, 'is neither true nor false')
  }

  count(key: string, limit: number): number | null {
    const found = this.metadata.get(key)
    if (found === undefined) return null
    return found.kind === 'number' ? this.checked(key, found.value, limit) : this.wrong(key, 'is no number')
  }

  /** A number for all layers, or a list of one for each. */
  perLayer(key: string, layers: number, limit: number): number[] | null {
    const found = this.metadata.get(key)
    if (found === undefined) return null
    if (found.kind === 'number') {
      return new Array<number>(layers).fill(this.checked(key, found.value, limit))
    }
    const numbers = found.kind === 'list' ? found.numbers : null
    if (numbers === null || numbers.length < layers) this.wrong(key, `is no list of ${layers} numbers`)
    return (numbers ?? []).slice(0, layers).map((each) => this.checked(key, each, limit))
  }

  listLength(key: string): number | null {
    const found = this.metadata.get(key)
    if (found === undefined) return null
    return found.kind === 'list' ? found.length : this.wrong(key, 'is no list')
  }

  missing(key: string): never {
    throw damaged(this.file, `${printable(key)} is missing`)
  }

  wrong(key: string, what: string): never {
    throw damaged(this.file, `${printable(key)} ${what}`)
  }

  private checked(key: string, value: number, limit: number): number {
    if (Number.isInteger(value) && value >= 0 && value <= limit) return value
    return this.wrong(key, `is ${value}, which no model has`)
  }
}
