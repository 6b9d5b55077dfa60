import { namespaceHash, type CacheNamespace } from '../kvc/block-hash'
import { isTextToken } from '../workload/llama-tokenizer'

/** The namespace of what the synthetic engine computes: its KV bytes depend on nothing but the size of a token's KV. */
export const syntheticNamespace = (kvcBytesPerToken: number): CacheNamespace => ({
  model: `synthetic-${kvcBytesPerToken}`,
  kvType: 'synthetic',
  layoutVersion: 1,
  tenantSalt: '',
})

/** The synthetic engine's answer: tokens of the prompt from a place that its hash chooses, so that equal prompts get equal answers. */
export function quotedAnswer(prompt: readonly number[], maxTokens: number): number[] {
  const text = prompt.filter(isTextToken)
  const source = text.length === 0 ? [...prompt] : text
  const digest = namespaceHash({
    model: 'answer',
    kvType: source.join(),
    layoutVersion: 1,
    tenantSalt: '',
  })
  const offset = new DataView(digest.buffer, digest.byteOffset).getUint32(0) % source.length
  return Array.from({ length: maxTokens }, (_, i) => source[(offset + i) % source.length] as number)
}
