import { BadRecord, quoted } from './bad-record'

/** Most tokens of a prompt or an answer: far above every model's context, and small enough for sums that stay exact. */
export const mostTokens = 100_000_000
/** Most blocks of one prompt; a larger one is a slip in the file or in the block size, and would fill the memory. */
export const mostBlocks = 1_000_000

export type Fields = Readonly<Record<string, unknown>>

export function asFields(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new BadRecord(`it is no JSON object: ${quoted(value)}`)
}

/** A count of tokens: a whole number from 0 on. */
export function tokenCount(value: unknown, name: string): number {
  if (value === undefined || value === null || value === '') throw new BadRecord(`${name} is missing`)
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new BadRecord(`${name} is ${quoted(value)}, not a whole number from 0 on`)
  }
  if (value > mostTokens) throw new BadRecord(`${name} is ${value}, more than ${mostTokens} tokens`)
  return value
}

/** A time or a span of time in ms. */
export function milliseconds(value: unknown, name: string): number {
  if (value === undefined || value === null || value === '') throw new BadRecord(`${name} is missing`)
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new BadRecord(`${name} is ${quoted(value)}, not a finite number from 0 on`)
  }
  return value
}

/** Ids of blocks: as many as the prompt has blocks, the last one possibly partial. */
export function hashIds(value: unknown, inputTokens: number, blockTokens: number): readonly number[] {
  if (value === undefined || value === null) throw new BadRecord('hash_ids is missing')
  if (!Array.isArray(value)) throw new BadRecord(`hash_ids is ${quoted(value)}, not a list`)
  const ids = value as readonly unknown[]
  const expected = blockCount(inputTokens, blockTokens)
  if (ids.length !== expected) {
    throw new BadRecord(
      `it has ${ids.length} hash_ids, but input_length ${inputTokens} makes ${expected} blocks of ${blockTokens} tokens`,
      'Where the trace has blocks of another size, say so: --block-tokens N.',
    )
  }
  for (const id of ids) {
    if (typeof id !== 'number' || !Number.isSafeInteger(id)) {
      throw new BadRecord(
        `the hash id ${quoted(id)} is not a whole number that is exact in a double (below 2^53)`,
      )
    }
  }
  return ids as readonly number[]
}

/** Blocks of a prompt, a partial last one included. */
export function blockCount(tokens: number, blockTokens: number): number {
  const count = Math.ceil(tokens / blockTokens)
  if (count > mostBlocks) throw new BadRecord(`${tokens} tokens are more than ${mostBlocks} blocks`)
  return count
}
