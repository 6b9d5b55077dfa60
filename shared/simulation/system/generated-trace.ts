import { randomStreams } from '../../workload/random'
import { noSession, type TraceBatch } from '../traces/trace-batch'

export interface GeneratedTrace {
  readonly requests: number
  /** Prompts that share a first part: every request extends or repeats one of so many. */
  readonly families: number
  readonly blocksPerRequest: number
  readonly meanGapMs: number
  readonly blockTokens?: number
}

/** A trace made from a seed: prompts begin with the blocks of one of some families, and end with blocks of their own. */
export function generatedTrace(seed: number, options: GeneratedTrace): TraceBatch {
  const { requests, families, blocksPerRequest, meanGapMs, blockTokens = 16 } = options
  const random = randomStreams(seed).next().value
  const starts = new Int32Array(requests + 1)
  const ids = new Int32Array(requests * blocksPerRequest)
  let count = 0
  const timestampsMs = new Float64Array(requests)
  const common = Array.from({ length: families }, (_, family) => family * blocksPerRequest)
  let next = families * blocksPerRequest
  let now = 0
  for (let request = 0; request < requests; request++) {
    now += -meanGapMs * Math.log(1 - random.real())
    timestampsMs[request] = now
    const first = common[random.below(families)] as number
    const shared = random.below(blocksPerRequest) + 1
    for (let block = 0; block < blocksPerRequest; block++)
      ids[count++] = block < shared ? first + block : next++
    starts[request + 1] = count
  }
  return {
    requests,
    blockTokens,
    timestampsMs,
    inputTokens: new Int32Array(requests).fill(blocksPerRequest * blockTokens - 3),
    outputTokens: new Int32Array(requests).fill(5),
    blockStarts: starts,
    blockIds: ids,
    sessions: new Int32Array(requests).fill(noSession),
    delaysMs: new Float64Array(requests).fill(NaN),
    uniqueBlocks: next,
  }
}
