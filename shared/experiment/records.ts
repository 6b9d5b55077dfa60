import { z } from 'zod'
import { errorCode } from '../contract/errors'

/** What the inference host journals during a trial. Times are Unix milliseconds with fractions; null = not measured. */

/** One step of a recorded path: where the packet was, and the light time that it had collected by then. */
export const routeStep = z.object({
  slot: z.int(),
  plane: z.int(),
  propagationMs: z.number(),
})

/** The way of one request packet to one server. */
export const route = z.object({ server: z.int(), steps: z.array(routeStep) })
export type Route = z.infer<typeof route>

export const requestStatus = z.enum(['ok', 'failed', 'cancelled'])

export const requestRecord = z.object({
  kind: z.literal('request'),
  requestId: z.int(),
  sessionId: z.int(),
  turn: z.int(),
  startedAt: z.number(),
  promptTokens: z.int(),
  outputTokens: z.int(),
  /** Full blocks of the prompt. */
  blocks: z.int(),
  /** Blocks of the cached prefix that were handed to the engine. */
  blocksHit: z.int(),
  cachedTokens: z.int(),
  chunksFetched: z.int(),
  /** hopsHistogram[h] = fetched chunks whose request packet traversed h links, one way. */
  hopsHistogram: z.array(z.int()),
  lookupMs: z.number().nullable(),
  getMs: z.number().nullable(),
  setMs: z.number().nullable(),
  /** Handing the cached blocks to the model. */
  restoreMs: z.number().nullable(),
  prefillMs: z.number().nullable(),
  ttftMs: z.number().nullable(),
  tpotMs: z.number().nullable(),
  e2eMs: z.number().nullable(),
  /** Light time of the slowest chunk's path, there and back. */
  propagationMs: z.number().nullable(),
  bytesRead: z.int(),
  bytesWritten: z.int(),
  status: requestStatus,
  errorCode: errorCode.nullable(),
  /** lookup + get took longer than computing the hit tokens would have. */
  harmful: z.boolean(),
  halfBlocksServed: z.int(),
  /** Null where the engine cannot tell what a block should hold. */
  wrongBytesServed: z.int().nullable(),
  routes: z.array(route),
})
export type RequestRecord = z.infer<typeof requestRecord>

export const trialEventName = z.enum([
  'trial_started',
  'rotation_started',
  'rotation_finished',
  'host_lost',
  'host_returned',
  'satellite_failed',
  'satellite_restored',
  'link_failed',
  'link_restored',
  'paused',
  'resumed',
  'blocks_not_stored',
])

/** Something that happened during a trial, for the timeline. */
export const eventRecord = z.object({
  kind: z.literal('event'),
  at: z.number(),
  name: trialEventName,
  message: z.string(),
  epoch: z.int(),
})
export type EventRecord = z.infer<typeof eventRecord>

/** The last entry of a trial. Delays are sums over all links, in `real` mode only. */
export const finishedRecord = z.object({
  kind: z.literal('finished'),
  at: z.number(),
  durationS: z.number(),
  outcome: z.enum(['completed', 'cancelled', 'failed']),
  error: z.object({ code: errorCode, message: z.string() }).nullable(),
})
export type FinishedRecord = z.infer<typeof finishedRecord>

/** seq counts from 1 without gaps; the console acknowledges the last one that it has stored. */
export const journalEntry = z.object({
  seq: z.int().min(1),
  record: z.discriminatedUnion('kind', [requestRecord, eventRecord, finishedRecord]),
})
export type JournalEntry = z.infer<typeof journalEntry>

/** Counters of one satellite since the trial was prepared. */
export const satelliteCounters = z.object({
  slot: z.int(),
  plane: z.int(),
  /** Now stored. */
  chunks: z.int(),
  bytes: z.int(),
  gets: z.int(),
  sets: z.int(),
  misses: z.int(),
  evictions: z.int(),
  forwarded: z.int(),
  migratedIn: z.int(),
  migratedOut: z.int(),
  /** Bytes that came in with migrations. */
  migratedBytes: z.int(),
  /** Blocks whose manifest was removed because a chunk of them was lost. */
  purgedBlocks: z.int(),
  /** Packets dropped: time to live over, or no way to the destination. */
  dropped: z.int(),
})
export type SatelliteCounters = z.infer<typeof satelliteCounters>

/** A satellite that has counted nothing yet. */
export function emptyCounters({ slot, plane }: { slot: number; plane: number }): SatelliteCounters {
  return {
    slot,
    plane,
    chunks: 0,
    bytes: 0,
    gets: 0,
    sets: 0,
    misses: 0,
    evictions: 0,
    forwarded: 0,
    migratedIn: 0,
    migratedOut: 0,
    migratedBytes: 0,
    purgedBlocks: 0,
    dropped: 0,
  }
}
