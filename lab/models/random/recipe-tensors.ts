import type { TensorToWrite } from '../gguf-writer'
import { randomHalves, randomNumbers, randomQ4 } from '../random-tensor'
import type { Experts, Recipe } from './recipe'
import type { Sizes } from './sizes'

/**
 * Queries and keys are this many times as large as weights that keep the scale of their input. Scores of attention then have a
 * standard deviation of 2.25 instead of 1: a few tokens of a long prompt stand out, where else all would count about the same and
 * nothing that is wrong with one of them would be seen.
 */
const attentionGain = 1.5

/** All tensors of a model, as llama.cpp names and shapes them. */
export function recipeTensors(
  recipe: Recipe,
  sizes: Sizes,
  { seed, weights }: { readonly seed: number; readonly weights: 'f16' | 'q4_0' },
): TensorToWrite[] {
  return new ModelTensors(recipe, sizes, seed, weights === 'f16' ? randomHalves : randomQ4).all()
}

class ModelTensors {
  constructor(
    readonly recipe: Recipe,
    readonly sizes: Sizes,
    readonly seed: number,
    readonly random: typeof randomHalves,
  ) {}

  all(): TensorToWrite[] {
    const { embeddingNorm, norm, output, outputBias, positionTable, frequencyFactors } = this.recipe
    const { width, vocabulary, contextTokens, headSize, layers } = this.sizes
    const factors = { from: 1, span: 3 }
    const turnedPairs = (headSize * this.recipe.turned) / 2
    return [
      this.matrix('token_embd', width, vocabulary),
      ...(positionTable ? [this.matrix('position_embd', width, contextTokens)] : []),
      ...(embeddingNorm ? this.norm('token_embd_norm') : []),
      ...frequencyFactors.map((name) => randomNumbers(this.seed, `${name}.weight`, [turnedPairs], factors)),
      ...Array.from({ length: layers }, (_, index) => this.layer(index)).flat(),
      ...(norm === 'layer without weights' ? [] : this.norm('output_norm')),
      ...(output === 'own' ? [this.matrix('output', width, vocabulary)] : []),
      ...(outputBias ? [this.bias('output', vocabulary)] : []),
    ]
  }

  /** Weights that keep the scale of what they are applied to, times a gain. */
  matrix(name: string, row: number, rows: number, gain = 1): TensorToWrite {
    return this.random(this.seed, `${name}.weight`, [row, rows], gain / Math.sqrt(row))
  }

  bias(name: string, values: number): TensorToWrite {
    return randomNumbers(this.seed, `${name}.bias`, [values], { from: -0.1, span: 0.2 })
  }

  norm(name: string): TensorToWrite[] {
    const { norm } = this.recipe
    const hasBias = norm === 'layer' || norm === 'rms with bias'
    return [
      this.normWeights(name, [this.sizes.width]),
      ...(hasBias ? [this.bias(name, this.sizes.width)] : []),
    ]
  }

  normWeights(name: string, shape: readonly number[]): TensorToWrite {
    return randomNumbers(this.seed, `${name}.weight`, shape, { from: 0.9, span: 0.2 })
  }

  layer(index: number): TensorToWrite[] {
    const { layerNorms, experts } = this.recipe
    const of = (name: string): string => `blk.${index}.${name}`
    // The first one before attention, as in files of trained models; llama.cpp takes any order.
    const [first = [], ...others] = layerNorms.map((name) => this.norm(of(name)))
    const hasExperts = experts !== null && index >= experts.denseLayers
    return [
      ...first,
      ...this.attention(of, this.sizes.kvHeads[index] ?? 0),
      ...others.flat(),
      ...(hasExperts ? this.experts(of, experts) : this.feedForward(of)),
    ]
  }

  attention(of: (name: string) => string, kvHeads: number): TensorToWrite[] {
    const { fusedAttention, attentionBias } = this.recipe
    const { width, queries, headSize } = this.sizes
    // Where nothing is looked back at, values pass through one matrix.
    if (kvHeads === 0) return [this.matrix(of('attn_output'), width, width)]
    const keys = kvHeads * headSize
    const inputs = fusedAttention
      ? ([['attn_qkv', queries + 2 * keys, attentionGain]] as const)
      : ([
          ['attn_q', queries, attentionGain],
          ['attn_k', keys, attentionGain],
          ['attn_v', keys, 1],
        ] as const)
    return [
      ...inputs.map(([name, values, gain]) => this.matrix(of(name), width, values, gain)),
      ...(attentionBias === 'none' ? [] : inputs.map(([name, values]) => this.bias(of(name), values))),
      ...this.queryKeyNorms(of, kvHeads),
      this.matrix(of('attn_output'), queries, width),
      ...(attentionBias === 'inputs and output' ? [this.bias(of('attn_output'), width)] : []),
    ]
  }

  queryKeyNorms(of: (name: string) => string, kvHeads: number): TensorToWrite[] {
    const { heads, headSize, queries } = this.sizes
    const shapes = {
      none: null,
      'one for all heads': [[headSize], [headSize]],
      'one for each head': [
        [headSize, heads],
        [headSize, kvHeads],
      ],
      'across heads': [[queries], [kvHeads * headSize]],
    } as const
    const shape = shapes[this.recipe.queryKeyNorm]
    if (shape === null) return []
    return [this.normWeights(of('attn_q_norm'), shape[0]), this.normWeights(of('attn_k_norm'), shape[1])]
  }

  feedForward(of: (name: string) => string): TensorToWrite[] {
    const { feedForward, feedForwardBias } = this.recipe
    const { width, feedForward: inner } = this.sizes
    return [
      ...(feedForward === 'gated' ? [this.matrix(of('ffn_gate'), width, inner)] : []),
      this.matrix(of('ffn_up'), width, feedForward === 'gated in one' ? 2 * inner : inner),
      this.matrix(of('ffn_down'), inner, width),
      ...(feedForwardBias ? [this.bias(of('ffn_up'), inner), this.bias(of('ffn_down'), width)] : []),
    ]
  }

  experts(of: (name: string) => string, { count, shared, choiceBias }: Experts): TensorToWrite[] {
    const { width, feedForward: inner } = this.sizes
    const each = (name: string, row: number, rows: number): TensorToWrite =>
      this.random(this.seed, `${of(name)}.weight`, [row, rows, count], 1 / Math.sqrt(row))
    return [
      this.matrix(of('ffn_gate_inp'), width, count),
      ...(choiceBias ? [this.bias(of('exp_probs_b'), count)] : []),
      each('ffn_gate_exps', width, inner),
      each('ffn_up_exps', width, inner),
      each('ffn_down_exps', inner, width),
      ...(shared === 'none'
        ? []
        : [
            this.matrix(of('ffn_gate_shexp'), width, inner),
            this.matrix(of('ffn_up_shexp'), width, inner),
            this.matrix(of('ffn_down_shexp'), inner, width),
          ]),
      ...(shared === 'gated'
        ? [
            randomNumbers(this.seed, `${of('ffn_gate_inp_shexp')}.weight`, [width], {
              from: -0.1,
              span: 0.2,
            }),
          ]
        : []),
    ]
  }
}
