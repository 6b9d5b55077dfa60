import type { MetadataValue } from '../gguf-writer'

/** How values are brought to one scale: by their root mean square, or as LayerNorm does; both with weights, and biases or not. */
export type Norm = 'rms' | 'rms with bias' | 'layer' | 'layer without bias' | 'layer without weights'

/** Which norms queries and keys have, and what their weights are shared by. */
export type QueryKeyNorm = 'none' | 'one for all heads' | 'one for each head' | 'across heads'

export interface Experts {
  readonly count: number
  readonly used: number
  /** First layers that have no experts. */
  readonly denseLayers: number
  /** An expert that every token passes, and whether a gate weighs it. */
  readonly shared: 'none' | 'plain' | 'gated'
  /** Biases of the choice of experts. */
  readonly choiceBias: boolean
}

/** How a model of an architecture is built in llama.cpp: which tensors it has, and of which of its sizes they are made. */
export interface Recipe {
  /** llama.cpp's name of the architecture. */
  readonly architecture: string
  /** Fewest layers that show all that it does. */
  readonly leastLayers: number
  /** Fewer by layer: each layer has half of those of the one before, the last of them none. */
  readonly kvHeads: 'fewer' | 'one' | 'as queries' | 'fewer by layer'
  /** Values of a head, of those of width / heads. */
  readonly headScale: number
  /** Share of a head's values that the position turns (RoPE); 0 = no position is turned. */
  readonly turned: number
  /** Positions are looked up in a table. */
  readonly positionTable: boolean
  readonly norm: Norm
  /** Norm behind the embedding of tokens. */
  readonly embeddingNorm: boolean
  /** Norms of a layer, by their names; attention and feed-forward of a layer with one norm are computed beside each other. */
  readonly layerNorms: readonly string[]
  readonly queryKeyNorm: QueryKeyNorm
  /** Queries, keys and values come out of one matrix. */
  readonly fusedAttention: boolean
  readonly attentionBias: 'none' | 'inputs' | 'inputs and output'
  /** Whether a gate weighs the inner values, and whether it is part of the same matrix. */
  readonly feedForward: 'gated' | 'gated in one' | 'plain'
  readonly feedForwardBias: boolean
  readonly experts: Experts | null
  /** Tied: tokens come out of the matrix that they go in by. */
  readonly output: 'own' | 'tied'
  readonly outputBias: boolean
  /** Tensors of factors of RoPE's frequencies. */
  readonly frequencyFactors: readonly string[]
  /** Metadata beyond what every model has, by keys below the architecture's name. */
  readonly keys: Readonly<Record<string, MetadataValue>>
}

/** LLaMA, which most others depart from by a little. */
export const llamaRecipe: Recipe = {
  architecture: 'llama',
  leastLayers: 1,
  kvHeads: 'fewer',
  headScale: 1,
  turned: 1,
  positionTable: false,
  norm: 'rms',
  embeddingNorm: false,
  layerNorms: ['attn_norm', 'ffn_norm'],
  queryKeyNorm: 'none',
  fusedAttention: false,
  attentionBias: 'none',
  feedForward: 'gated',
  feedForwardBias: false,
  experts: null,
  output: 'own',
  outputBias: false,
  frequencyFactors: [],
  keys: {},
}
