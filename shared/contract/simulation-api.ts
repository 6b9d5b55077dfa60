import { z } from 'zod'
import { cachePolicies } from '../simulation/replay/block-cache'
import { mostTokens } from '../simulation/traces/fields'
import { traceFormats } from '../simulation/traces/trace-format'
import { position } from './agent-control'
import { errorBody } from './errors'

/** The part of the console's contract that is about simulations: figures of the latency model, replays of traces. Composed into `consoleApi`. */

const nothing = z.object({})
const done = z.null()

/** Capacity in blocks; null = without end, because Infinity cannot cross. */
export const replayCapacity = z.int().min(1).nullable()

/** What a trace file is, seen from its beginning. */
export const traceInspection = z.object({
  path: z.string(),
  /** Size of the file, compressed where it is. */
  bytes: z.number(),
  isGzip: z.boolean(),
  format: z.enum(traceFormats),
  title: z.string(),
  /** Tokens in a block unless told otherwise. */
  blockTokens: z.int(),
  /** False: a prefix model must be declared. */
  knowsPrefixes: z.boolean(),
  /** False: the file has no times, and an arrival rate must be declared. */
  knowsArrivals: z.boolean(),
  /** False: the whole trace is read into memory and sorted first. */
  inOrder: z.boolean(),
})
export type TraceInspection = z.infer<typeof traceInspection>

/** How a trace is read; null or absent = the format's own. */
export const declaredTrace = z.object({
  path: z.string().min(1),
  format: z.enum(traceFormats).optional(),
  blockTokens: z.int().min(1).max(mostTokens).optional(),
  prefixModel: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('none') }),
      z.object({ kind: z.literal('shared'), tokens: z.int().min(1).max(mostTokens) }),
      z.object({ kind: z.literal('session') }),
    ])
    .optional(),
  arrivals: z
    .object({
      perSecond: z.number().positive(),
      seed: z.int().min(0).max(0xffff_ffff),
      turnGapS: z.number().min(0),
    })
    .optional(),
  skipBadLines: z.boolean(),
  sortByTime: z.boolean(),
})
export type DeclaredTrace = z.infer<typeof declaredTrace>

/** Caches of one replay at most: 6 policies at 20 capacities and more. */
export const mostCaches = 256

export const replayQuestion = z.object({
  trace: declaredTrace,
  caches: z
    .array(z.object({ policy: z.enum(cachePolicies), capacity: replayCapacity }))
    .min(1)
    .max(mostCaches),
})
export type ReplayQuestion = z.infer<typeof replayQuestion>

const rate = z.number().nullable()

/** What a replay found for one cache. */
export const replayRow = z.object({
  policy: z.enum(cachePolicies),
  capacity: replayCapacity,
  requests: z.int(),
  blocks: z.int(),
  uniqueBlocks: z.int(),
  prefixHitBlocks: z.int(),
  blockHitRate: rate,
  tokenHitRate: rate,
  evictions: z.int(),
  promptTokens: z.int(),
  hitTokens: z.int(),
  touchHitBlocks: z.int(),
})
export type ReplayRow = z.infer<typeof replayRow>

const skipped = z.object({
  lines: z.int(),
  /** The first few, with why. */
  first: z.array(z.object({ number: z.int(), reason: z.string() })),
})

export const replayState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reading'), bytesRead: z.number(), bytesTotal: z.number() }),
  /** Requests of all caches together. */
  z.object({ kind: z.literal('replaying'), done: z.number(), total: z.number() }),
  z.object({
    kind: z.literal('finished'),
    durationS: z.number(),
    format: z.enum(traceFormats),
    blockTokens: z.int(),
    skipped,
  }),
  z.object({ kind: z.literal('failed'), error: errorBody }),
  z.object({ kind: z.literal('cancelled') }),
])
export type ReplayState = z.infer<typeof replayState>

/** A replay, running or at rest. Rows are there as soon as their cache is done, in the question's order. */
export const replayJob = z.object({
  replayId: z.string(),
  startedAt: z.number(),
  question: replayQuestion,
  state: replayState,
  rows: z.array(replayRow),
})
export type ReplayJob = z.infer<typeof replayJob>

const numbers = z.array(z.number()).min(1).max(10_000)

/** What the figures of the latency model are drawn from; the model itself says which numbers are allowed. */
export const figureQuestion = z.object({
  configuration: z.object({
    preset: z.enum(['paper', 'default']),
    torus: z.object({ slots: z.number(), planes: z.number() }),
    centre: position,
    rotations: z.number(),
    servers: z.number(),
    altitudeM: z.number(),
    kvcBytes: z.number(),
    chunkBytes: z.number(),
    chunkProcessingTimeS: z.number(),
  }),
  /** What each figure varies: bytes, servers, seconds, metres. */
  values: z.object({
    KVC_BYTES: numbers,
    SERVERS: numbers,
    CHUNK_PROCESSING_TIME: numbers,
    ALTITUDE: numbers,
  }),
  /** An absolute path; files of the same name are replaced. */
  directory: z.string().min(1),
  /** False: title and small print are left to the caption. */
  titles: z.boolean(),
})
export type FigureQuestion = z.infer<typeof figureQuestion>

const replayRef = z.object({ replayId: z.string() })

export const simulationApi = {
  methods: {
    /** Look at the beginning of a trace file. */
    inspectTrace: { params: z.object({ path: z.string().min(1) }), result: traceInspection },
    /** Replay a trace against caches, in worker threads; one at a time. */
    startReplay: { params: replayQuestion, result: replayRef },
    /** End it; caches that are done keep their rows. */
    cancelReplay: { params: replayRef, result: done },
    /** Draw the four latency figures, and the layout of chunks for every strategy, as SVG and as PNG for print. */
    exportFigures: {
      params: figureQuestion,
      result: z.object({ directory: z.string(), files: z.array(z.string()) }),
    },
    /** The newest replay since the engine was started. */
    replay: { params: nothing, result: replayJob.nullable() },
  },
  events: {
    replayChanged: replayJob,
  },
} as const
