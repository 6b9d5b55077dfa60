import { BatchBuilder } from '#shared/simulation/traces/batch-builder'
import { requestAt, type TraceBatch } from '#shared/simulation/traces/trace-batch'
import { randomStreams } from '#shared/workload/random'

/** Tokens in a block, as in Mooncake's traces. */
const blockTokens = 512
/** Conversations that may still go on; an older one gives its place to a new one. */
const openConversations = 2000

/**
 * Conversations that share a first block and then go on for a random number of turns, each a few blocks longer than the one before: 24 blocks a
 * prompt on average, about as many and as often found again as in Mooncake's conversation trace. The same seed gives the same trace.
 */
export function generatedTrace(requests: number, seed: number): TraceBatch {
  const random = randomStreams(seed).next().value
  const builder = new BatchBuilder(blockTokens)
  const open: number[][] = []
  let fresh = 1
  for (let request = 0; request < requests; request++) {
    const goesOn = open.length === openConversations && random.real() < 0.4
    const place = goesOn || open.length === openConversations ? random.below(openConversations) : open.length
    const before = goesOn ? (open[place] as number[]) : [0]
    const added = goesOn ? 1 + random.below(8) : 1 + random.below(36)
    const blocks = [...before, ...Array.from({ length: added }, () => fresh++)]
    open[place] = blocks
    builder.add(
      { timestampMs: request * 10, inputTokens: blocks.length * blockTokens, outputTokens: 200 },
      blocks,
    )
  }
  return builder.take(fresh)
}

/** A trace as the bytes of a file in Mooncake's format, about 1 MB at a time. */
export async function* mooncakeBytes(trace: TraceBatch): AsyncGenerator<Buffer> {
  let lines: string[] = []
  for (let index = 0; index < trace.requests; index++) {
    const { timestampMs, inputTokens, outputTokens, blockIds } = requestAt(trace, index)
    const ids = blockIds.join(', ')
    lines.push(
      `{"timestamp": ${timestampMs}, "input_length": ${inputTokens}, "output_length": ${outputTokens}, "hash_ids": [${ids}]}\n`,
    )
    if (lines.length < 5000 && index < trace.requests - 1) continue
    yield Buffer.from(lines.join(''))
    lines = []
  }
}
