import { setImmediate as nextTurn } from 'node:timers/promises'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { emptyMeasurement, isHarmful, type Measurement } from '#shared/experiment/measurement'
import { blockHashes } from '#shared/kvc/block-hash'
import { missingBlocks } from '#shared/kvc/prefix'
import {
  greedy,
  type Engine,
  type EngineSession,
  type OutputToken,
  type PrefillResult,
  type Sampling,
} from './engine/engine'
import { readPrefix, recordPrefix, type CachedPrefix } from './kvc/cached-prefix'
import type { FetchPolicy } from './kvc/fetch-policy'
import type { BlockCache } from './kvc/kvc-client'

/** An engine with the cache in front of it; `kvc` null = cache off. */
export interface CachedModel {
  readonly engine: Engine
  readonly kvc: BlockCache | null
  readonly blockTokens: number
  /** How much of a cached prefix is fetched. */
  readonly fetchPolicy: FetchPolicy
}

/** What has been done for a request; or why it failed. */
export type AnswerStep =
  /** The cached prefix is here; what is measured of it stands in the measurement. */
  | { readonly kind: 'fetched'; readonly measurement: Measurement }
  | { readonly kind: 'prefilled'; readonly prefill: PrefillResult }
  /** The last token is out; from here on nothing fails the request, and its signal ends the storing at most. */
  | { readonly kind: 'answered'; readonly measurement: Measurement }
  | { readonly kind: 'notStored'; readonly error: ErrorBody }
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
    const cached = model.kvc === null ? null : await readCached(model, model.kvc, request, hashes)
    if (cached !== null) recordPrefix(measurement, cached, model.blockTokens)
    request.onStep?.({ kind: 'fetched', measurement })
    const prefill = await session.prefill(cached?.fetch.blocks ?? [])
    request.onStep?.({ kind: 'prefilled', prefill })
    recordPrefill(measurement, model, prefill, cached)
    const stored = storeMissingBlocks(model.kvc, session, hashes, cached)
    stored.catch(() => undefined) // looked at below; an aborted answer leaves it alone
    const virtualMs = (cached?.lookup.timing?.virtualMs ?? 0) + (cached?.fetch.timing?.virtualMs ?? 0)
    await decode(session, request, measurement, accepted - virtualMs)
    request.onStep?.({ kind: 'answered', measurement })
    await finishStore(measurement, stored, request)
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

function readCached(
  { engine, blockTokens, fetchPolicy }: CachedModel,
  kvc: BlockCache,
  { prompt }: ModelRequest,
  hashes: readonly Uint8Array[],
): Promise<CachedPrefix | null> {
  const prefillTokensPerS = engine.measuredPrefillRate()
  return readPrefix(kvc, { hashes, promptTokens: prompt.length, blockTokens, fetchPolicy, prefillTokensPerS })
}

function recordPrefill(
  measurement: Measurement,
  { engine, blockTokens, fetchPolicy }: CachedModel,
  { computeMs, restoreMs, restoredBlocks }: PrefillResult,
  cached: CachedPrefix | null,
): void {
  measurement.prefillMs = computeMs
  measurement.blocksHit = restoredBlocks
  measurement.cachedTokens = restoredBlocks * blockTokens
  if (restoredBlocks > 0 && engine.facts !== null) measurement.restoreMs = restoreMs
  measurement.harmful = isHarmful(measurement, engine.measuredPrefillRate())
  if (cached === null || cached.fetch.timing === null) return
  // What a hit costs: computing would have needed neither.
  fetchPolicy.observe(cached.fetch.stats.bytesRead, cached.fetch.timing.ms + restoreMs)
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

/** Begins at once, beside decoding. */
async function storeMissingBlocks(
  kvc: BlockCache | null,
  session: EngineSession,
  hashes: readonly Uint8Array[],
  cached: CachedPrefix | null,
): Promise<Stored | null> {
  const missing = missingBlocks(
    hashes.length,
    cached?.lookup.manifests.length ?? 0,
    cached?.fetch.purged ?? [],
  )
  if (kvc === null || missing.length === 0) return null
  const blocks = missing.map((index) => ({
    hash: hashes[index] as Uint8Array,
    bytes: () => session.exportBlock(index),
  }))
  const { bytesWritten, timing } = await kvc.store(blocks)
  return { bytesWritten, ms: timing?.ms ?? null }
}

/** A failed store is no failure of the request: its answer is out. */
async function finishStore(
  measurement: Measurement,
  stored: Promise<Stored | null>,
  { onStep }: ModelRequest,
): Promise<void> {
  try {
    const result = await stored
    if (result === null) return
    measurement.bytesWritten = result.bytesWritten
    measurement.setMs = result.ms
  } catch (thrown) {
    onStep?.({ kind: 'notStored', error: toErrorBody(thrown) })
  }
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
