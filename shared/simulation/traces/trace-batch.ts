/** Stands in `sessions` for a request that belongs to no session. */
export const noSession = -1

/**
 * Consecutive requests of a trace, column by column: typed arrays are small, and can be handed to a worker without a copy. A whole
 * trace is one batch too.
 */
export interface TraceBatch {
  readonly requests: number
  /** Tokens in a whole block; the last block of a prompt may hold fewer. */
  readonly blockTokens: number
  /** Arrival, ms after the arrival of the trace's first request; never falls. */
  readonly timestampsMs: Float64Array
  readonly inputTokens: Int32Array
  readonly outputTokens: Int32Array
  /** Request r has the blocks blockIds[blockStarts[r]] to blockIds[blockStarts[r + 1] - 1]; one entry more than requests. */
  readonly blockStarts: Int32Array
  /**
   * The blocks of all prompts, ceil(input tokens / block tokens) a request. Ids are dense: 0 to uniqueBlocks - 1, numbered by first use in the file.
   * Equal ids = same tokens after the same prefix, as far as the trace says so.
   */
  readonly blockIds: Int32Array
  /** Dense numbers of sessions from 0, or `noSession`. */
  readonly sessions: Int32Array
  /**
   * Where a request waits for the answer to the session's request before: ms from that answer to this request, and its timestamp is then the earliest
   * arrival possible (as if the answer had taken no time). NaN where the timestamp is the arrival itself.
   */
  readonly delaysMs: Float64Array
  /** Distinct blocks up to the end of this batch. */
  readonly uniqueBlocks: number
}

/** One request of a trace. */
export interface TraceRequest {
  readonly timestampMs: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** A view into the batch, not a copy. */
  readonly blockIds: Int32Array
  readonly session: number
  readonly delayMs: number
}

/** Request number `index` of a batch. */
export function requestAt(batch: TraceBatch, index: number): TraceRequest {
  return {
    timestampMs: batch.timestampsMs[index] as number,
    inputTokens: batch.inputTokens[index] as number,
    outputTokens: batch.outputTokens[index] as number,
    blockIds: batch.blockIds.subarray(batch.blockStarts[index], batch.blockStarts[index + 1]),
    session: batch.sessions[index] as number,
    delayMs: batch.delaysMs[index] as number,
  }
}

export function* requestsOf(batch: TraceBatch): Generator<TraceRequest> {
  for (let index = 0; index < batch.requests; index++) yield requestAt(batch, index)
}
