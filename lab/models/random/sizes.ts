import type { Recipe } from './recipe'

/** How large a model is, whatever its architecture. */
export interface ModelSize {
  readonly name: string
  readonly layers: number
  /** Values of a token's state. */
  readonly width: number
  readonly heads: number
  /** Heads of keys and values, where a model has fewer of them. */
  readonly kvHeads: number
  readonly feedForward: number
  readonly vocabulary: number
  readonly weights: 'f16' | 'q4_0'
}

/** What a size comes to in an architecture; values of a token. */
export interface Sizes extends Omit<ModelSize, 'name' | 'weights' | 'kvHeads'> {
  readonly headSize: number
  readonly queries: number
  /** Of each layer. */
  readonly kvHeads: readonly number[]
  readonly contextTokens: number
}

/** Contexts have 4,096 tokens, so that the longest prompts of the benchmarks fit. */
const contextTokens = 4_096

export function sizesOf(size: ModelSize, { leastLayers, headScale, kvHeads }: Recipe): Sizes {
  const headSize = (size.width / size.heads) * headScale
  const layers = Math.max(size.layers, leastLayers)
  const headsOf = (layer: number): number =>
    ({
      fewer: size.kvHeads,
      one: 1,
      'as queries': size.heads,
      'fewer by layer': Math.floor(size.kvHeads / 2 ** layer),
    })[kvHeads]
  return {
    ...size,
    layers,
    kvHeads: Array.from({ length: layers }, (_, layer) => headsOf(layer)),
    headSize,
    queries: size.heads * headSize,
    contextTokens,
  }
}
