import type { TraceBatch } from '../traces/trace-batch'
import type { BlockCache, CachePolicy } from './block-cache'
import { cacheFor } from './create-cache'

/** What a replay found. Rates are null where there was nothing to find. */
export interface ReplayFigures {
  readonly requests: number
  /** Blocks of all prompts, partial last ones included. */
  readonly blocks: number
  readonly uniqueBlocks: number
  /** Blocks that were found from the first one of their prompt on, without a gap. */
  readonly prefixHitBlocks: number
  /** prefixHitBlocks / blocks */
  readonly blockHitRate: number | null
  /** Tokens in prefix-hit blocks / prompt tokens; a partial last block counts with the tokens that it has. */
  readonly tokenHitRate: number | null
  readonly evictions: number
  readonly promptTokens: number
  readonly hitTokens: number
  /** Blocks that were there when they were touched, whether or not those before them were. */
  readonly touchHitBlocks: number
}

/**
 * One cache that is asked by every request of a trace: first the prefix of its prompt is looked up, then all its blocks are touched in order; what
 * is missing is inserted.
 */
export class Replay {
  readonly #cache: BlockCache
  #requests = 0
  #blocks = 0
  #uniqueBlocks = 0
  #prefixHits = 0
  #touchHits = 0
  #promptTokens = 0
  #hitTokens = 0

  constructor(cache: BlockCache) {
    this.#cache = cache
  }

  /** The next requests of the trace, some of a batch where only these are wanted. */
  add(batch: TraceBatch, from = 0, to = batch.requests): void {
    const { blockStarts, blockIds, inputTokens, blockTokens } = batch
    const cache = this.#cache
    for (let request = from; request < to; request++) {
      const start = blockStarts[request] as number
      const end = blockStarts[request + 1] as number
      let gap = start
      while (gap < end && cache.has(blockIds[gap] as number)) gap++
      for (let at = start; at < end; at++) {
        if (cache.touch(blockIds[at] as number)) this.#touchHits += 1
      }
      const tokens = inputTokens[request] as number
      this.#prefixHits += gap - start
      this.#hitTokens += Math.min((gap - start) * blockTokens, tokens)
      this.#promptTokens += tokens
      this.#blocks += end - start
    }
    this.#requests += to - from
    this.#uniqueBlocks = batch.uniqueBlocks
  }

  figures(): ReplayFigures {
    const rate = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
    return {
      requests: this.#requests,
      blocks: this.#blocks,
      uniqueBlocks: this.#uniqueBlocks,
      prefixHitBlocks: this.#prefixHits,
      blockHitRate: rate(this.#prefixHits, this.#blocks),
      tokenHitRate: rate(this.#hitTokens, this.#promptTokens),
      evictions: this.#cache.evictions,
      promptTokens: this.#promptTokens,
      hitTokens: this.#hitTokens,
      touchHitBlocks: this.#touchHits,
    }
  }
}

/** Requests between two reports of progress. */
const reportEvery = 8192

/**
 * Replays a whole trace that lies in memory.
 * @param onRequests told how many requests are done, now and then; may throw to stop
 */
export function replayTrace(
  trace: TraceBatch,
  policy: CachePolicy,
  capacity: number,
  onRequests?: (done: number) => void,
): ReplayFigures {
  const replay = new Replay(cacheFor(trace, policy, capacity))
  for (let from = 0; from < trace.requests; from += reportEvery) {
    const to = Math.min(from + reportEvery, trace.requests)
    replay.add(trace, from, to)
    onRequests?.(to)
  }
  return replay.figures()
}
