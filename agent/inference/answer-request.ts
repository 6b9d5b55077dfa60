import { setImmediate as nextTurn } from 'node:timers/promises'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { emptyMeasurement, isHarmful, type Measurement } from '#shared/experiment/measurement'
import { blockHashes } from '#shared/kvc/block-hash'
import { usablePrefix } from '#shared/kvc/prefix'
import {
  greedy,
  type Engine,
  type EngineSession,
  type OutputToken,
  type PrefillResult,
  type Sampling,
} from './engine/engine'
import type { FetchResult } from './kvc/block-fetch'
import type { FetchPolicy } from './kvc/fetch-policy'
import type { BlockCache } from './kvc/kvc-client'
import type { LookupResult } from './kvc/manifest-lookup'

/** An engine with the cache in front of it; `kvc` null = cache off. */
export interface CachedModel {
  readonly engine: Engine
  readonly kvc: BlockCache | null
  readonly blockTokens: number
  /** How much of a cached prefix is fetched. */
  readonly fetchPolicy: FetchPolicy
}

/** What has been done for a request, on its way to the first token; or why it failed. */
export type AnswerStep =
  /** The cached prefix is here; what is measured of it stands in the measurement. */
  | { readonly kind: 'fetched'; readonly measurement: Measurement }
  | { readonly kind: 'prefilled'; readonly prefill: PrefillResult }
  | { readonly kind: 'failed'; readonly error: ErrorBody }

export interface ModelRequest {
  readonly prompt: readonly number[]
  readonly maxTokens: number
  readonly signal: AbortSignal
  /** Greedy unless it says otherwise. */
  readonly sampling?: Sampling
  /** Digest the logits behind every output token. */
  readonly withLogits?: boolean
  /** Called for every output token as it is made; `stop` = the answer is long enough. */
  readonly onToken?: (token: OutputToken) => 'stop' | undefined
  readonly onStep?: (step: AnswerStep) => void
  /** When the request was accepted, by `performance.now()`, where that was before now. */
  readonly acceptedAt?: number
}

interface CachedPrefix {
  readonly lookup: LookupResult
  readonly fetch: FetchResult
}

/**
 * Answers one prompt: look the prefix up, fetch it, compute the rest, stream tokens, store the new blocks.
 * Never throws: a failure is part of the measurement. Resolves when all new blocks are stored.
 */
export async function answerRequest(model: CachedModel, request: ModelRequest): Promise<Measurement> {
  const accepted = request.acceptedAt ?? performance.now()
  const hashes = blockHashes(request.prompt, model.blockTokens, model.engine.model.namespace)
  const startedAt = performance.timeOrigin + accepted
  const measurement = emptyMeasurement(startedAt, request.prompt.length, hashes.length)
  let session: EngineSession | null = null
  try {
    session = model.engine.open({
      prompt: request.prompt,
      blockHashes: hashes,
      blockTokens: model.blockTokens,
      maxTokens: request.maxTokens,
      sampling: request.sampling ?? greedy,
      withLogits: request.withLogits ?? false,
      signal: request.signal,
    })
    const cached = model.kvc === null ? null : await readPrefix(model, model.kvc, request, hashes)
    if (cached !== null) recordPrefix(measurement, cached, model.blockTokens)
    const blocks = cached?.fetch.blocks ?? []
    request.onStep?.({ kind: 'fetched', measurement })
    const prefill = await session.prefill(blocks)
    request.onStep?.({ kind: 'prefilled', prefill })
    measurement.prefillMs = prefill.computeMs
    if (blocks.length > 0 && model.engine.facts !== null) measurement.restoreMs = prefill.restoreMs
    measurement.harmful = isHarmful(measurement, model.engine.measuredPrefillRate())
    const stored = storeNewBlocks(model.kvc, session, hashes, blocks.length)
    stored.catch(() => undefined) // looked at below; an aborted answer leaves it alone
    const virtualMs = (cached?.lookup.timing?.virtualMs ?? 0) + (cached?.fetch.timing?.virtualMs ?? 0)
    await decode(session, request, measurement, accepted - virtualMs)
    await finishStore(measurement, stored)
    await checkServed(measurement, model, hashes, cached)
  } catch (thrown) {
    measurement.status = request.signal.aborted ? 'cancelled' : 'failed'
    measurement.errorCode = request.signal.aborted ? 'cancelled' : toErrorBody(thrown).code
    request.onStep?.({ kind: 'failed', error: toErrorBody(thrown) })
  } finally {
    session?.close()
  }
  return measurement
}

async function readPrefix(
  model: CachedModel,
  kvc: BlockCache,
  request: ModelRequest,
  hashes: readonly Uint8Array[],
): Promise<CachedPrefix | null> {
  if (hashes.length === 0) return null
  const lookup = await kvc.lookup(hashes)
  const usable = usablePrefix(lookup.manifests.length, request.prompt.length, model.blockTokens)
  const wanted = model.fetchPolicy.choose(usable, model.engine.measuredPrefillRate())
  const fetch = await kvc.fetch(hashes.slice(0, wanted), lookup.manifests, { recordRoutes: true })
  if (fetch.timing !== null) model.fetchPolicy.observe(fetch.stats.bytesRead, fetch.timing.ms)
  return { lookup, fetch }
}

function recordPrefix(measurement: Measurement, { lookup, fetch }: CachedPrefix, blockTokens: number): void {
  measurement.lookupMs = lookup.timing?.ms ?? null
  measurement.blocksHit = fetch.blocks.length
  measurement.cachedTokens = fetch.blocks.length * blockTokens
  if (fetch.stats.chunksFetched === 0) return
  measurement.getMs = fetch.timing?.ms ?? null
  measurement.chunksFetched = fetch.stats.chunksFetched
  measurement.bytesRead = fetch.stats.bytesRead
  measurement.hopsHistogram = fetch.stats.hopsHistogram
  measurement.propagationMs = fetch.stats.propagationMs
  measurement.routes = fetch.stats.routes
}

/** @param begun when the request was accepted, less the light time that nothing waited for (`virtual` mode) */
async function decode(
  session: EngineSession,
  { onToken }: ModelRequest,
  measurement: Measurement,
  begun: number,
): Promise<void> {
  let last = 0
  for await (const token of session.decode()) {
    last = performance.now() - begun
    measurement.ttftMs ??= last
    measurement.outputTokens += 1
    if (onToken?.(token) === 'stop') break
  }
  if (measurement.ttftMs === null) return
  measurement.e2eMs = last
  if (measurement.outputTokens > 1) {
    measurement.tpotMs = (last - measurement.ttftMs) / (measurement.outputTokens - 1)
  }
}

interface Stored {
  readonly bytesWritten: number
  readonly ms: number | null
}

/** Begins at once, beside decoding; a failed store is no failure of the request. */
async function storeNewBlocks(
  kvc: BlockCache | null,
  session: EngineSession,
  hashes: readonly Uint8Array[],
  cachedBlocks: number,
): Promise<Stored | null> {
  if (kvc === null || hashes.length === cachedBlocks) return null
  const blocks = hashes.slice(cachedBlocks).map((hash, i) => ({
    hash,
    bytes: () => session.exportBlock(cachedBlocks + i),
  }))
  const { bytesWritten, timing } = await kvc.store(blocks)
  return { bytesWritten, ms: timing?.ms ?? null }
}

async function finishStore(measurement: Measurement, stored: Promise<Stored | null>): Promise<void> {
  const result = await stored
  if (result === null) return
  measurement.bytesWritten = result.bytesWritten
  measurement.setMs = result.ms
}

/** After the answer is out, so that checking costs no latency: was every block whole, and every byte right? */
async function checkServed(
  measurement: Measurement,
  model: CachedModel,
  hashes: readonly Uint8Array[],
  cached: CachedPrefix | null,
): Promise<void> {
  for (const [i, block] of (cached?.fetch.blocks ?? []).entries()) {
    await nextTurn()
    const wrong = model.engine.countWrongBytes(hashes[i] as Uint8Array, block)
    measurement.wrongBytesServed =
      wrong === null || measurement.wrongBytesServed === null ? null : measurement.wrongBytesServed + wrong
    if (cached?.fetch.receivedBytes[i] !== block.byteLength) measurement.halfBlocksServed += 1
  }
}
