import { z } from 'zod'
import { journalEntry, satelliteCounters } from '../experiment/records'
import { parameterValues } from '../experiment/parameters'
import { chatAnswer, chatEvent, chatRequest } from './chat-api'
import { errorBody } from './errors'
import type { Contract } from './rpc'

/** What the lab engine asks of an agent over its control channel (JSON-RPC on a local socket, or through SSH). */

export const agentProtocolVersion = 2

const nothing = z.object({})
const done = z.null()

export const position = z.object({ slot: z.int().min(0), plane: z.int().min(0) })

export const hardware = z.object({
  cpu: z.string(),
  cores: z.int(),
  memoryBytes: z.number(),
  kernel: z.string(),
  architecture: z.string(),
  hostname: z.string(),
})

/** What a machine does, at one moment. Null = this machine does not tell. */
export const telemetry = z.object({
  /** Unix ms, by the host's clock. */
  at: z.number(),
  /** Share of all cores that was not idle since the reading before, 0..1. */
  cpuLoad: z.number().nullable(),
  /** All that programs cannot have any more: without caches. */
  memoryUsedBytes: z.number().nullable(),
  /** Hottest sensor, degrees Celsius. */
  temperatureC: z.number().nullable(),
  /** Bytes/s over the network cards since the reading before; where there are none, over all interfaces but loopback. */
  receivedBytesPerS: z.number().nullable(),
  sentBytesPerS: z.number().nullable(),
  /** Of a Jetson's GPU, 0..1. */
  gpuLoad: z.number().nullable(),
  /** Watts by the name of the power rail. */
  powerW: z.record(z.string(), z.number()),
})
export type Telemetry = z.infer<typeof telemetry>

/** Another machine's clock minus this one's, ms, and how far that may be wrong. */
export const clockOffset = z.object({ offsetMs: z.number(), uncertaintyMs: z.number() })
export type ClockOffset = z.infer<typeof clockOffset>

export const hello = z.object({
  role: z.enum(['satellite', 'inference']),
  hostId: z.string(),
  version: z.string(),
  protocolVersion: z.int(),
  nodeVersion: z.string(),
  pid: z.int(),
  startedAt: z.number(),
  /** The data port on which other hosts of the lab connect; 0 for an inference host. */
  dataPort: z.int(),
  hardware,
  /** Another one after every start of the machine, so that a reboot is told from a restart of the agent; '' = the machine does not tell. */
  bootId: z.string().default(''),
})
export type Hello = z.infer<typeof hello>

/** A satellite host of the lab: who it is, where it listens, which planes it carries. */
export const peer = z.object({
  hostId: z.string(),
  address: z.string(),
  port: z.int(),
  planes: z.array(z.int()),
})
export type Peer = z.infer<typeof peer>

/** The lab as every host must know it. The token admits a connection until mutual TLS does. */
export const labTopology = z.object({
  slots: z.int().min(1),
  planes: z.int().min(1),
  peers: z.array(peer),
  inferenceHostId: z.string(),
  token: z.string().min(16),
})
export type LabTopology = z.infer<typeof labTopology>

/** Names one attempt at a trial; journals and caches belong to it. */
export const trialKey = z.string().regex(/^[\w.-]+$/)

export const satelliteTrial = z.object({ trialKey, parameters: parameterValues })
export type SatelliteTrial = z.infer<typeof satelliteTrial>

/** Links are named by one end and a direction: `slot` = to the next slot, `plane` = to the next plane. */
export const failedLink = position.extend({ direction: z.enum(['slot', 'plane']) })
export const failures = z.object({ satellites: z.array(position), links: z.array(failedLink) })
export type Failures = z.infer<typeof failures>

/**
 * How well link delays were honoured, in `real` mode. A satellite host's: totals over the packets that it held, each for what
 * was left of its light time after paying earlier lateness back. The inference host's: totals over whole round trips.
 */
export const delayStats = z.object({
  packets: z.int(),
  demandedMs: z.number(),
  achievedMs: z.number(),
  /** Largest single lateness, ms. */
  worstMs: z.number(),
})

/** The real model that an inference host has loaded. */
export const modelFacts = z.object({
  /** As the experiment names it. */
  name: z.string(),
  fileSha256: z.string(),
  architecture: z.string(),
  kvType: z.enum(['f16', 'q8_0']),
  /** As the model itself writes them: the truth, whatever its file says. */
  kvcBytesPerToken: z.int(),
  contextTokens: z.int(),
  threads: z.int(),
  /** node-llama-cpp and llama.cpp, with versions. */
  library: z.string(),
  /** The parts of the processor that it uses. */
  processor: z.string(),
})
export type ModelFacts = z.infer<typeof modelFacts>

const common = {
  hello: { params: nothing, result: hello },
  configure: { params: labTopology, result: done },
  setFailures: { params: failures, result: done },
  /** When the question arrived and when the answer left by the host's clock, Unix ms with fractions: see `estimateClockOffset`. */
  clock: { params: nothing, result: z.object({ receivedAt: z.number(), answeredAt: z.number() }) },
  shutdown: { params: nothing, result: done },
}

/** Hosts read their machine only for who wants to know: several on one machine would all tell the same. */
const wanted = z.object({ telemetry: z.boolean().default(false) })

/** One answer outside of a trial, for proofs. */
export const proofRequest = z.object({
  text: z.string().min(1),
  /** The prompt is cut to so many tokens. */
  promptTokens: z.int().min(1),
  maxTokens: z.int().min(1),
  /** False: everything is computed, and nothing stored. */
  useCache: z.boolean(),
  /** Digest the logits behind every token; slow. */
  withLogits: z.boolean(),
  /** Set the values of this block to 0 after it was fetched and checked: a proof that does not notice it proves nothing. */
  zeroValuesOfBlock: z.int().min(0).nullable(),
})
export type ProofRequest = z.infer<typeof proofRequest>

export const proofAnswer = z.object({
  promptTokens: z.int(),
  /** Hexadecimal, of the prompt's full blocks. */
  blockHashes: z.array(z.string()),
  blockBytes: z.int(),
  blocksHit: z.int(),
  tokens: z.array(z.int()),
  /** SHA-256 of all logits behind each of the tokens; '' where not asked for. */
  logits: z.array(z.string()),
  /** Times of the request as in its record, ms. */
  times: z.object({
    lookupMs: z.number().nullable(),
    getMs: z.number().nullable(),
    restoreMs: z.number().nullable(),
    prefillMs: z.number().nullable(),
    ttftMs: z.number().nullable(),
    setMs: z.number().nullable(),
  }),
  error: errorBody.nullable(),
})
export type ProofAnswer = z.infer<typeof proofAnswer>

export const storedBlock = z.object({
  hash: z.string(),
  chunks: z.int(),
  bytes: z.int(),
  manifest: z.boolean(),
})

/** Control of a satellite host. */
export const satelliteControl = {
  methods: {
    ...common,
    /**
     * Empty every store and counter and take the trial's parameters. For the trial that it was prepared for last, nothing happens:
     * the call may be repeated when its answer was lost.
     */
    prepareTrial: { params: satelliteTrial, result: done },
    counters: {
      params: wanted,
      result: z.object({
        satellites: z.array(satelliteCounters),
        delay: delayStats,
        peersConnected: z.array(z.string()),
        rssBytes: z.number(),
        cpuS: z.number(),
        /** Null where it was not asked for, and before the first reading. */
        telemetry: telemetry.nullable(),
      }),
    },
    storedBlocks: {
      params: position.extend({ limit: z.int().min(1).max(10_000) }),
      result: z.array(storedBlock),
    },
    /** Flip a bit of one chunk of a block that lies here, or lose it, without a word to anybody: for proofs. */
    damageBlock: {
      params: z.object({ hash: z.string(), how: z.enum(['corrupt', 'lose']) }),
      result: z.object({ damaged: z.boolean() }),
    },
  },
  events: {},
} satisfies Contract

/** The text of a document, or of its first part. */
export const document = z.object({ title: z.string(), text: z.string() })
export type Document = z.infer<typeof document>

export const trialSpec = z.object({ trialKey, seed: z.int(), parameters: parameterValues })
export type TrialSpec = z.infer<typeof trialSpec>

export const trialStatus = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('idle') }),
  z.object({
    kind: z.enum(['running', 'paused', 'finished']),
    trialKey,
    lastSeq: z.int(),
    requestsDone: z.int(),
    requestsTotal: z.int(),
    epoch: z.int(),
    elapsedS: z.number(),
    /** Why the trial paused by itself (its journal cannot be written), or null. */
    problem: errorBody.nullable(),
  }),
])
export type TrialStatus = z.infer<typeof trialStatus>

/** Control of the inference host. */
export const inferenceControl = {
  methods: {
    ...common,
    /**
     * Replace the documents that workloads use, from number `from` on. Large sets come in several calls, the first with 0, each other one
     * with what the host held after the one before; a call may be repeated when its answer was lost.
     */
    loadDocuments: {
      params: z.object({ from: z.int().min(0), documents: z.array(document) }),
      result: z.object({ documents: z.int() }),
    },
    /** A trial that runs, or has run in this process, is not begun again: the answer is that of the first time. */
    startTrial: { params: trialSpec, result: z.object({ requestsTotal: z.int() }) },
    pauseTrial: { params: nothing, result: done },
    resumeTrial: { params: nothing, result: done },
    abortTrial: { params: nothing, result: done },
    trialStatus: { params: nothing, result: trialStatus },
    /** Send `records` events from the entry after `afterSeq` on, and go on as new ones are journaled. */
    subscribeRecords: { params: z.object({ trialKey, afterSeq: z.int().min(0) }), result: done },
    /** Everything up to `seq` is stored by the console; the journal may forget it. */
    acknowledge: { params: z.object({ trialKey, seq: z.int().min(0) }), result: done },
    status: {
      params: wanted,
      result: z.object({
        delay: delayStats,
        peersConnected: z.array(z.string()),
        bytesInFlight: z.int(),
        rssBytes: z.number(),
        cpuS: z.number(),
        /** Null where it was not asked for, and before the first reading. */
        telemetry: telemetry.nullable(),
        apiUrl: z.string().nullable(),
        /** Null with the synthetic engine, and before the first trial of a real model. */
        model: modelFacts.nullable().default(null),
      }),
    },
    /** Open a model with the cache in front of it for `prove` and `rotate`. */
    openModel: { params: z.object({ parameters: parameterValues }), result: modelFacts.nullable() },
    prove: { params: proofRequest, result: proofAnswer },
    /** One rotation; resolves when everything has moved. */
    rotate: { params: nothing, result: z.object({ chunks: z.int(), bytes: z.number() }) },
    /** Serve the OpenAI-compatible API on loopback with these parameters, or stop (null). */
    serveApi: {
      params: z.object({ parameters: parameterValues.nullable(), port: z.int().min(0).max(65_535) }),
      result: z.object({ url: z.string().nullable() }),
    },
    /** Ask the model that is served; see `chatApi`. */
    chat: { params: chatRequest, result: chatAnswer },
  },
  events: {
    chatProgress: chatEvent,
    records: z.object({ trialKey, entries: z.array(journalEntry) }),
  },
} satisfies Contract
