import { z } from 'zod'
import { requestRecord } from '../experiment/records'
import { labName } from '../inventory/inventory'
import { errorBody } from './errors'
import { plannedTrial } from './experiment-api'
import { liveBatch, machineReading, runEvent, storedRequest, timelinePoint } from './run-records'

/** The part of the console's contract about runs and their trials. Composed into `consoleApi`. */

const nothing = z.object({})
const done = z.null()
const runRef = z.object({ runId: z.string() })
const trialRef = runRef.extend({ trialId: z.string() })

/** The metrics of one trial: the numeric columns of trials.csv; null = not measured. */
export const trialSummary = z.record(z.string(), z.number().nullable())
export type TrialSummary = z.infer<typeof trialSummary>

export const trialState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('waiting') }),
  z.object({
    kind: z.literal('running'),
    startedAt: z.number(),
    requestsDone: z.int(),
    requestsTotal: z.int(),
  }),
  z.object({ kind: z.literal('completed'), startedAt: z.number(), durationS: z.number() }),
  z.object({ kind: z.literal('failed'), error: errorBody }),
  z.object({ kind: z.literal('cancelled') }),
  /** The app was closed or killed while it ran; its records are kept. */
  z.object({ kind: z.literal('interrupted') }),
])
export type TrialState = z.infer<typeof trialState>

export const runTrial = plannedTrial.extend({
  state: trialState,
  attempt: z.int(),
  summary: trialSummary.nullable(),
})
export type RunTrial = z.infer<typeof runTrial>

export const runState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('queued') }),
  z.object({ kind: z.literal('running'), trialId: z.string().nullable() }),
  z.object({ kind: z.literal('paused'), trialId: z.string().nullable(), reason: errorBody.nullable() }),
  z.object({ kind: z.literal('finished'), at: z.number(), failedTrials: z.int() }),
  z.object({ kind: z.literal('cancelled'), at: z.number() }),
  z.object({ kind: z.literal('interrupted') }),
])
export type RunState = z.infer<typeof runState>

export const runSummary = z.object({
  runId: z.string(),
  name: z.string(),
  lab: z.string(),
  createdAt: z.number(),
  state: runState,
  trialsTotal: z.int(),
  trialsDone: z.int(),
  requestsDone: z.int(),
  /** Share of the planned requests that are done, 0..1. */
  progress: z.number(),
  /** Seconds that are left at the pace so far; null before the first requests. */
  remainingS: z.number().nullable(),
})
export type RunSummary = z.infer<typeof runSummary>

export const runDetail = runSummary.extend({ yaml: z.string(), trials: z.array(runTrial) })
export type RunDetail = z.infer<typeof runDetail>

export const runApi = {
  methods: {
    /** On the lab that the file names, or on this one. */
    startRun: { params: z.object({ yaml: z.string(), lab: labName.optional() }), result: runRef },
    pauseRun: { params: runRef, result: done },
    resumeRun: { params: runRef, result: done },
    cancelRun: { params: runRef, result: done },
    /** Run one trial again; its earlier records stay in the database and are no longer exported. */
    repeatTrial: { params: trialRef, result: done },
    runs: { params: nothing, result: z.array(runSummary) },
    run: { params: runRef, result: runDetail },
    requests: {
      params: runRef.extend({
        trialId: z.string().nullable(),
        offset: z.int().min(0),
        limit: z.int().min(1).max(10_000),
      }),
      result: z.object({ total: z.int(), rows: z.array(storedRequest) }),
    },
    request: { params: trialRef.extend({ requestId: z.int() }), result: requestRecord },
    timeline: {
      params: runRef,
      result: z.object({ points: z.array(timelinePoint), events: z.array(runEvent) }),
    },
    /** Write the CSV files and the manifest to `directory`/<run>/; the files replace earlier ones of the same run. */
    exportRun: {
      params: runRef.extend({ directory: z.string().min(1) }),
      result: z.object({ directory: z.string(), files: z.array(z.string()) }),
    },
    deleteRun: { params: runRef, result: done },
  },
  events: {
    runChanged: runSummary,
    runDeleted: runRef,
    live: liveBatch,
    runEvent: runEvent.extend({ runId: z.string() }),
    /** Readings that were stored now. */
    machinesRead: trialRef.extend({ readings: z.array(machineReading) }),
  },
}
