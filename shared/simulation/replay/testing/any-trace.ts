import fc from 'fast-check'
import { BatchBuilder } from '../../traces/batch-builder'
import type { TraceBatch } from '../../traces/trace-batch'

/** A trace of these prompts, with whole blocks of 4 tokens but for the last token of each prompt. */
export function traceOf(prompts: readonly (readonly number[])[], blockTokens = 4): TraceBatch {
  const builder = new BatchBuilder(blockTokens)
  prompts.forEach((blocks, index) => {
    const inputTokens = Math.max(0, blocks.length * blockTokens - 1)
    builder.add({ timestampMs: index, inputTokens, outputTokens: 1 }, blocks)
  })
  return builder.take(Math.max(-1, ...prompts.flat()) + 1)
}

/** Prompts of any blocks, as no real trace would have them: the same block behind different prefixes, and twice in one prompt. */
export const anyPrompts = fc.array(fc.array(fc.nat(14), { maxLength: 7 }), { maxLength: 60 })

/**
 * Prompts as real traces have them: a block always follows the same prefix. Each prompt goes down a tree from its root; block ids are the nodes.
 */
export const anyConsistentPrompts = fc
  .array(fc.array(fc.nat(2), { minLength: 1, maxLength: 8 }), { maxLength: 80 })
  .map((paths) => {
    const nodes = new Map<string, number>()
    return paths.map((path) =>
      path.map((_, depth) => {
        const key = path.slice(0, depth + 1).join('/')
        const node = nodes.get(key) ?? nodes.size
        nodes.set(key, node)
        return node
      }),
    )
  })

export const anyCapacity = fc.integer({ min: 1, max: 24 })
