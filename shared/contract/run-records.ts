import { z } from 'zod'
import { requestRecord, trialEventName } from '../experiment/records'
import { telemetry } from './agent-control'

/** What runs yield, as the pages show it and the files have it: requests, seconds, readings of machines, events. */

/** A request as the pages show it; `seq` is its place in the trial's journal. */
export const storedRequest = requestRecord
  .omit({ kind: true, routes: true })
  .extend({ trialId: z.string(), seq: z.int() })
export type StoredRequest = z.infer<typeof storedRequest>

/** What one machine did; null = it does not tell. */
export const machineLoad = telemetry.omit({ at: true })
export type MachineLoad = z.infer<typeof machineLoad>

/**
 * A reading of a machine during a trial; `at` is by the clock of the trial's records. A host that has a machine for itself gives it its
 * name; the machine that all hosts of the local lab share is called `local`.
 */
export const machineReading = telemetry.extend({ machine: z.string() })
export type MachineReading = z.infer<typeof machineReading>

/** One second of a trial; null = nothing was measured in it. Columns of timeline.csv. */
export const timelinePoint = z.object({
  trialId: z.string(),
  tS: z.number(),
  requests: z.int(),
  blockHitRate: z.number().nullable(),
  tokenHitRate: z.number().nullable(),
  hopsMean: z.number().nullable(),
  ttftMsP50: z.number().nullable(),
  ttftMsP95: z.number().nullable(),
  tpotMsP50: z.number().nullable(),
  outputTokensPerS: z.number().nullable(),
  bytesReadPerS: z.number().nullable(),
  bytesWrittenPerS: z.number().nullable(),
  storedBytes: z.number().nullable(),
  evictedChunks: z.int().nullable(),
  migratedChunks: z.int().nullable(),
  epoch: z.int().nullable(),
  /** The machines under the lab by their names, as last read in this second. */
  machines: z.record(z.string(), machineLoad),
  /** What happened in this second, or empty. */
  event: z.string(),
})
export type TimelinePoint = z.infer<typeof timelinePoint>

export const runEvent = z.object({
  trialId: z.string(),
  at: z.number(),
  name: trialEventName,
  message: z.string(),
})
export type RunEvent = z.infer<typeof runEvent>

/** Requests that were stored since the last batch, as columns: what the live charts draw. NaN cannot cross; null = not measured. */
export const liveBatch = z.object({
  runId: z.string(),
  trialId: z.string(),
  /** That of the run: `simulated` where nothing was measured, whatever the link delay. */
  lab: z.string(),
  linkDelay: z.enum(['off', 'virtual', 'real', 'simulated']),
  /** The series that this trial belongs to: `cache off`, or strategy and servers. */
  series: z.string(),
  strategy: z.enum(['off', 'rotation', 'hop', 'hop_rotation']),
  requestId: z.array(z.int()),
  /** Unix ms when the request ended. */
  at: z.array(z.number()),
  ttftMs: z.array(z.number().nullable()),
  tpotMs: z.array(z.number().nullable()),
  hopsMean: z.array(z.number().nullable()),
  propagationMs: z.array(z.number().nullable()),
  blocks: z.array(z.int()),
  blocksHit: z.array(z.int()),
  promptTokens: z.array(z.int()),
  cachedTokens: z.array(z.int()),
  outputTokens: z.array(z.int()),
  bytesRead: z.array(z.int()),
  /** Records that were too many to draw; they are stored all the same. */
  dropped: z.int(),
})
export type LiveBatch = z.infer<typeof liveBatch>
