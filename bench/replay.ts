import { readTraceBytes } from '#lab/traces/read-trace'
import { cachePolicies } from '#shared/simulation/replay/block-cache'
import { replayTrace } from '#shared/simulation/replay/replay'
import { generatedTrace, mooncakeBytes } from './generated-trace'

export interface ReplayReport {
  readonly requests: number
  readonly blocks: number
  readonly uniqueBlocks: number
  readonly capacityBlocks: number
  /** Blocks that are looked up and touched a second, by policy; the optimum's time includes the pass that finds next uses. */
  readonly blocksPerS: Record<string, number>
  /** Mooncake JSONL that becomes batches a second. */
  readonly readBytesPerS: number
}

/** Replay of a generated trace against a cache of a tenth of its distinct blocks, and the reading of the same trace as JSONL. */
export async function benchReplay(): Promise<ReplayReport> {
  const trace = generatedTrace(200_000, 7)
  const capacity = Math.floor(trace.uniqueBlocks / 10)
  const warmUp = generatedTrace(20_000, 8)
  const blocksPerS: Record<string, number> = {}
  for (const policy of cachePolicies) {
    replayTrace(warmUp, policy, Math.floor(warmUp.uniqueBlocks / 10))
    const start = performance.now()
    const { blocks } = replayTrace(trace, policy, capacity)
    blocksPerS[policy] = (blocks * 1000) / (performance.now() - start)
  }
  return {
    requests: trace.requests,
    blocks: trace.blockIds.length,
    uniqueBlocks: trace.uniqueBlocks,
    capacityBlocks: capacity,
    blocksPerS,
    readBytesPerS: await readSpeed(),
  }
}

async function readSpeed(): Promise<number> {
  const pieces: Buffer[] = []
  for await (const piece of mooncakeBytes(generatedTrace(200_000, 9))) pieces.push(piece)
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  async function* source(): AsyncGenerator<Buffer> {
    yield* pieces
  }
  const start = performance.now()
  const { batches } = await readTraceBytes(source(), 'generated', {})
  let blocks = 0
  for await (const batch of batches) blocks += batch.blockIds.length
  if (blocks === 0) throw new Error('nothing was read')
  return (bytes * 1000) / (performance.now() - start)
}
