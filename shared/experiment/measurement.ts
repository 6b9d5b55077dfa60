import type { RequestRecord } from './records'

/** Everything of a request record but its place in the workload. */
export type Measurement = Omit<RequestRecord, 'kind' | 'requestId' | 'sessionId' | 'turn'>

/** What is known of a request when it is accepted. @param startedAt Unix ms */
export function emptyMeasurement(startedAt: number, promptTokens: number, blocks: number): Measurement {
  return {
    startedAt,
    promptTokens,
    outputTokens: 0,
    blocks,
    blocksHit: 0,
    cachedTokens: 0,
    chunksFetched: 0,
    hopsHistogram: [],
    lookupMs: null,
    getMs: null,
    setMs: null,
    restoreMs: null,
    prefillMs: null,
    ttftMs: null,
    tpotMs: null,
    e2eMs: null,
    propagationMs: null,
    bytesRead: 0,
    bytesWritten: 0,
    status: 'ok',
    errorCode: null,
    harmful: false,
    halfBlocksServed: 0,
    wrongBytesServed: 0,
    routes: [],
  }
}

/**
 * A hit does harm when reading it took longer than computing it would have.
 * @param tokensPerS the engine's measured prefill rate; null before its first prefill
 */
export function isHarmful(
  { cachedTokens, lookupMs, getMs }: Pick<Measurement, 'cachedTokens' | 'lookupMs' | 'getMs'>,
  tokensPerS: number | null,
): boolean {
  if (cachedTokens === 0 || tokensPerS === null) return false
  return (lookupMs ?? 0) + (getMs ?? 0) > (cachedTokens / tokensPerS) * 1000
}
