import type { Measurement } from '#shared/experiment/measurement'
import { usablePrefix } from '#shared/kvc/prefix'
import type { FetchResult } from './block-fetch'
import type { FetchPolicy } from './fetch-policy'
import type { BlockCache } from './kvc-client'
import type { LookupResult } from './manifest-lookup'

/** What the cache had of a prompt. */
export interface CachedPrefix {
  readonly lookup: LookupResult
  readonly fetch: FetchResult
}

export interface PrefixQuestion {
  readonly hashes: readonly Uint8Array[]
  readonly promptTokens: number
  readonly blockTokens: number
  /** How much of a cached prefix is fetched. */
  readonly fetchPolicy: FetchPolicy
  readonly prefillTokensPerS: number | null
}

/** Look up which blocks are cached, and fetch those that are wanted; null for a prompt without a full block. */
export async function readPrefix(cache: BlockCache, question: PrefixQuestion): Promise<CachedPrefix | null> {
  const { hashes, promptTokens, blockTokens, fetchPolicy, prefillTokensPerS } = question
  if (hashes.length === 0) return null
  const lookup = await cache.lookup(hashes)
  const usable = usablePrefix(lookup.manifests.length, promptTokens, blockTokens)
  const wanted = fetchPolicy.choose(usable, prefillTokensPerS)
  const fetch = await cache.fetch(hashes.slice(0, wanted), lookup.manifests, { recordRoutes: true })
  return { lookup, fetch }
}

export function recordPrefix(
  measurement: Measurement,
  { lookup, fetch }: CachedPrefix,
  blockTokens: number,
): void {
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
