import { emptyMeasurement, isHarmful } from '../../experiment/measurement'
import type { RequestRecord } from '../../experiment/records'
import { missingBlocks } from '../../kvc/prefix'
import { Fetch, type FetchResult } from './fetch'
import { lookupPrefix, type LookupResult } from './lookup'
import type { ModelHost } from './model-host'
import { Running, waitFor, type Process } from './process'
import type { SimulatedCache } from './simulated-cache'
import { Store, type StoreResult } from './store'
import type { SimulatedRequest } from './workload'

export interface RequestFlow {
  readonly model: ModelHost
  /** Null when the cache is off. */
  readonly cache: SimulatedCache | null
  readonly nowMs: () => number
  /** Unix ms at which the simulation begins. */
  readonly startedAtMs: number
}

/**
 * Answers one prompt as the inference host does: look the prefix up, fetch it, compute the rest, make tokens, store the
 * new blocks beside. Ends when all new blocks are stored.
 */
export function* answerRequest(flow: RequestFlow, request: SimulatedRequest): Process<RequestRecord> {
  const { model, cache } = flow
  const acceptedMs = flow.nowMs()
  const record = emptyRecord(flow.startedAtMs + acceptedMs, request)
  const missing =
    cache === null || request.blocks.length === 0 ? [] : yield* readPrefix(cache, request, record)
  // Something must be computed to predict the next token from, even where everything is cached.
  const reused = Math.max(0, Math.min(record.cachedTokens, request.promptTokens - 1))
  record.prefillMs = yield* model.prefill(request.promptTokens, reused)
  record.harmful = isHarmful(record, model.measuredPrefillRate)
  const fresh = Int32Array.from(missing, (index) => request.blocks[index] as number)
  const storing = cache === null || fresh.length === 0 ? null : new Running(store(cache, fresh))
  yield* decode(flow, request, record, acceptedMs)
  if (storing !== null) {
    const { bytesWritten, ms } = yield* storing.wait()
    record.bytesWritten = bytesWritten
    record.setMs = ms
  }
  return record
}

/** @returns the blocks that are not cached */
function* readPrefix(
  cache: SimulatedCache,
  { blocks, usableBlocks, tokensOfBlocks }: SimulatedRequest,
  record: RequestRecord,
): Process<number[]> {
  const found: LookupResult = yield* lookupPrefix(cache.ground, blocks, cache.lookup)
  record.lookupMs = found.ms
  const usable = Math.min(found.blocks, usableBlocks)
  if (usable === 0) return missingBlocks(blocks.length, found.blocks, [])
  const fetched = yield* waitFor<FetchResult>((resume) =>
    new Fetch(cache, blocks.subarray(0, usable), resume).begin(),
  )
  record.blocksHit = fetched.blocks
  record.cachedTokens = tokensOfBlocks(fetched.blocks)
  record.getMs = fetched.ms
  record.chunksFetched = fetched.chunksFetched
  record.bytesRead = fetched.bytesRead
  record.hopsHistogram = fetched.hopsHistogram
  record.routes = fetched.routes
  if (cache.timed) record.propagationMs = fetched.lightMs
  return missingBlocks(blocks.length, found.blocks, fetched.purged)
}

function* store(cache: SimulatedCache, blocks: Int32Array): Process<StoreResult> {
  return yield* waitFor<StoreResult>((resume) =>
    new Store(cache.ground, cache.cut, cache.window, blocks, resume).begin(),
  )
}

function* decode(
  { model, nowMs }: RequestFlow,
  { outputTokens }: SimulatedRequest,
  record: RequestRecord,
  acceptedMs: number,
): Process<void> {
  if (outputTokens > 0) record.ttftMs = nowMs() - acceptedMs
  const decodeMs = yield* model.decode(outputTokens)
  record.outputTokens = outputTokens
  if (record.ttftMs === null) return
  record.e2eMs = record.ttftMs + decodeMs
  if (outputTokens > 1) record.tpotMs = decodeMs / (outputTokens - 1)
}

function emptyRecord(startedAt: number, request: SimulatedRequest): RequestRecord {
  const { requestId, sessionId, turn, promptTokens, blocks } = request
  const empty = emptyMeasurement(startedAt, promptTokens, blocks.length)
  return { kind: 'request', requestId, sessionId, turn, ...empty }
}
