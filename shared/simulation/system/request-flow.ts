import type { RequestRecord } from '../../experiment/records'
import type { BlockCut } from './block-cut'
import { Fetch, type FetchResult } from './fetch'
import type { FlightWindow } from './flight-window'
import type { GroundServers } from './ground-servers'
import { lookupPrefix, type LookupResult } from './lookup'
import type { ModelHost } from './model-host'
import { Running, waitFor, type Process } from './process'
import { Store, type StoreResult } from './store'
import type { SimulatedRequest } from './workload'

/** The cache as the host of the model uses it. */
export interface SimulatedCache {
  readonly ground: GroundServers
  readonly cut: BlockCut
  readonly window: FlightWindow
  readonly lookup: 'batch' | 'binary_search'
  /** Whether links take their light time: without it there is none to report. */
  readonly timed: boolean
  /** Record the ways of each request's first block. */
  readonly recordRoutes: boolean
}

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
  if (cache !== null && request.blocks.length > 0) yield* readPrefix(cache, request, record)
  // Something must be computed to predict the next token from, even where everything is cached.
  const reused = Math.max(0, Math.min(record.cachedTokens, request.promptTokens - 1))
  record.prefillMs = yield* model.prefill(request.promptTokens, reused)
  record.harmful = isHarmful(record, model.measuredPrefillRate)
  const fresh = request.blocks.subarray(record.blocksHit)
  const storing = cache === null || fresh.length === 0 ? null : new Running(store(cache, fresh))
  yield* decode(flow, request, record, acceptedMs)
  if (storing !== null) {
    const { bytesWritten, ms } = yield* storing.wait()
    record.bytesWritten = bytesWritten
    record.setMs = ms
  }
  return record
}

function* readPrefix(
  cache: SimulatedCache,
  { blocks, usableBlocks, tokensOfBlocks }: SimulatedRequest,
  record: RequestRecord,
): Process<void> {
  const found: LookupResult = yield* lookupPrefix(cache.ground, blocks, cache.lookup)
  record.lookupMs = found.ms
  const usable = Math.min(found.blocks, usableBlocks)
  if (usable === 0) return
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

/** A hit does harm when reading it took longer than computing it would have. */
function isHarmful({ cachedTokens, lookupMs, getMs }: RequestRecord, tokensPerS: number | null): boolean {
  if (cachedTokens === 0 || tokensPerS === null) return false
  return (lookupMs ?? 0) + (getMs ?? 0) > (cachedTokens / tokensPerS) * 1000
}

function emptyRecord(startedAt: number, request: SimulatedRequest): RequestRecord {
  return {
    kind: 'request',
    requestId: request.requestId,
    sessionId: request.sessionId,
    turn: request.turn,
    startedAt,
    promptTokens: request.promptTokens,
    outputTokens: 0,
    blocks: request.blocks.length,
    blocksHit: 0,
    cachedTokens: 0,
    chunksFetched: 0,
    hopsHistogram: [],
    lookupMs: null,
    getMs: null,
    setMs: null,
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
