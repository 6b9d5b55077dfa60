import { z } from 'zod'
import { parameters } from '../experiment/parameters'
import { modelFacts } from './agent-control'
import { labRef } from './inventory-api'

/** The part of the console's contract about the proof of a real model on the hosts of a lab. Composed into `consoleApi`. */

/** What is to be proved. */
export const proofQuestion = z.object({
  /** As the inference host knows it: the name of a model that was added there, or an absolute path. */
  model: z.string().min(1),
  kvType: z.enum(parameters.kv_type.values),
  blockTokens: z.int().min(1).max(65_536),
  promptTokens: z.int().min(2).max(1_000_000),
  /** Tokens of each answer. */
  outputTokens: z.int().min(1).max(10_000),
  /** 0 = one for each core. */
  threads: z.int().min(0).max(1_024),
})
export type ProofQuestion = z.infer<typeof proofQuestion>

/** What one step of a proof found. */
export const verdict = z.object({
  step: z.string(),
  passed: z.boolean(),
  /** Blocks that came out of the cache, of all full blocks of the prompt. */
  blocksHit: z.int(),
  blocks: z.int(),
  sameTokens: z.boolean(),
  /** To the last bit of every logit behind every token. */
  sameLogits: z.boolean(),
  text: z.string(),
})
export type Verdict = z.infer<typeof verdict>

export const proof = z.object({
  model: modelFacts,
  verdicts: z.array(verdict),
  passed: z.boolean(),
})
export type Proof = z.infer<typeof proof>

/** What a proof is at, for people who wait. */
export const proofProgress = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('step'), text: z.string() }),
  z.object({ kind: z.literal('verdict'), verdict }),
])
export type ProofProgress = z.infer<typeof proofProgress>

export const proofApi = {
  methods: {
    /**
     * Prove on the hosts of a lab that a model answers the same with the cache as without. A lab that does not run is connected for it;
     * runs that are started meanwhile wait. Cancelling the call ends it.
     */
    proveModel: { params: labRef.extend({ question: proofQuestion }), result: proof },
  },
  events: {
    proofProgress: labRef.extend({ progress: proofProgress }),
  },
}
