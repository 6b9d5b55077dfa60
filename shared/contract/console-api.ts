import { z } from 'zod'
import { parameterValues } from '../experiment/parameters'
import { requestRecord, satelliteCounters, trialEventName } from '../experiment/records'
import { clockOffset, delayStats, hardware, position, storedBlock, telemetry } from './agent-control'
import { labName } from '../inventory/inventory'
import { errorBody } from './errors'
import { hostApi } from './host-api'
import { inventoryApi } from './inventory-api'
import { modelApi } from './model-api'
import { fileProblem } from './problem'
import { provisioningApi } from './provisioning-api'
import type { Contract } from './rpc'
import { simulationApi } from './simulation-api'

/**
 * What the desktop app and the command line ask of the lab engine.
 * The app speaks it over a MessagePort, the command line in its own process.
 */

const nothing = z.object({})
const done = z.null()
const runRef = z.object({ runId: z.string() })
const trialRef = runRef.extend({ trialId: z.string() })

// ---- lab -------------------------------------------------------------------------------------------------

const hostState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('starting') }),
  z.object({
    kind: z.literal('healthy'),
    pid: z.int(),
    version: z.string(),
    nodeVersion: z.string(),
    startedAt: z.number(),
    rssBytes: z.number(),
    /** Share of one core since the last sample, 0..1 and more. */
    cpuLoad: z.number().nullable(),
    peersConnected: z.int(),
    peersExpected: z.int(),
  }),
  /** Its agent runs on, as far as is known: the way to it is lost. */
  z.object({
    kind: z.literal('unreachable'),
    since: z.number(),
    /** Attempts to reach it again, and when the next one comes; null = one is being made. */
    attempts: z.int(),
    nextAttemptAt: z.number().nullable(),
    reason: z.string(),
  }),
  z.object({
    kind: z.literal('crashed'),
    at: z.number(),
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    /** The last lines that it printed. */
    lastLines: z.array(z.string()),
  }),
  z.object({ kind: z.literal('stopped') }),
])

export const labHost = z.object({
  hostId: z.string(),
  role: z.enum(['satellite', 'inference']),
  planes: z.array(z.int()),
  address: z.string(),
  hardware: hardware.nullable(),
  /** Newest reading of the machine under it; null = not measured. Where all hosts share one machine, one of them has it. */
  telemetry: telemetry.nullable(),
  /** Its clock against this machine's; null where both are the same. */
  clock: clockOffset.nullable(),
  state: hostState,
})
export type LabHost = z.infer<typeof labHost>

export const labState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stopped') }),
  z.object({ kind: z.literal('starting'), name: z.string(), step: z.string(), hosts: z.array(labHost) }),
  z.object({
    kind: z.literal('running'),
    name: z.string(),
    slots: z.int(),
    planes: z.int(),
    hosts: z.array(labHost),
    failures: z.object({
      satellites: z.array(position),
      links: z.array(position.extend({ direction: z.enum(['slot', 'plane']) })),
    }),
    /** Base URL of the OpenAI-compatible API, when it is served. */
    apiUrl: z.string().nullable(),
  }),
  z.object({ kind: z.literal('stopping'), name: z.string(), hosts: z.array(labHost) }),
  z.object({ kind: z.literal('failed'), name: z.string(), error: errorBody, hosts: z.array(labHost) }),
])
export type LabState = z.infer<typeof labState>

/** The torus at one moment of a trial. */
export const constellationSnapshot = z.object({
  at: z.number(),
  slots: z.int(),
  planes: z.int(),
  epoch: z.int(),
  centre: position,
  /** Satellites in the LOS window; empty while the model is on board. */
  window: z.array(position),
  /** servers[k] = satellite of server k; empty while no trial with a cache runs. */
  servers: z.array(position),
  satelliteBytes: z.number(),
  satellites: z.array(satelliteCounters.extend({ hostId: z.string(), failed: z.boolean() })),
})
export type ConstellationSnapshot = z.infer<typeof constellationSnapshot>

export const satelliteDetail = z.object({
  counters: satelliteCounters,
  hostId: z.string(),
  failed: z.boolean(),
  /** Number of the server that this satellite is now, or null. */
  server: z.int().nullable(),
  links: z.array(
    z.object({
      to: position,
      direction: z.enum(['slot', 'plane']),
      failed: z.boolean(),
      distanceM: z.number(),
      delayMs: z.number(),
    }),
  ),
  blocks: z.array(storedBlock),
})
export type SatelliteDetail = z.infer<typeof satelliteDetail>

// ---- experiments -----------------------------------------------------------------------------------------

export const plannedTrial = z.object({
  trialId: z.string(),
  repeat: z.int(),
  seed: z.int(),
  /** The factor values of this cell, in the order of the file; a factor that has no meaning here is absent. */
  factors: z.record(z.string(), z.union([z.string(), z.number()])),
  parameters: parameterValues,
})
export type PlannedTrial = z.infer<typeof plannedTrial>

export const experimentCheck = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    name: z.string(),
    trials: z.array(plannedTrial),
    /** Rough wall time of all trials, from the rates of the model; null where it cannot be told. */
    estimateS: z.number().nullable(),
  }),
  z.object({ ok: z.literal(false), problems: z.array(fileProblem) }),
])
export type ExperimentCheck = z.infer<typeof experimentCheck>

export const preset = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  yaml: z.string(),
})
export type Preset = z.infer<typeof preset>

// ---- runs ------------------------------------------------------------------------------------------------

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

export const logLine = z.object({
  at: z.number(),
  source: z.string(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  text: z.string(),
})
export type LogLine = z.infer<typeof logLine>

export const consoleApi = {
  methods: {
    info: {
      params: nothing,
      result: z.object({
        version: z.string(),
        gitRevision: z.string(),
        nodeVersion: z.string(),
        dataDirectory: z.string(),
        resultsDirectory: z.string(),
      }),
    },

    labState: { params: nothing, result: labState },
    /**
     * Start the local lab (a process a plane and one inference host), or connect to the agents of an inventory's hosts. A lab
     * of another name or shape is stopped first.
     */
    startLab: {
      params: z.object({
        lab: labName.default('local'),
        slots: z.int().min(1),
        planes: z.int().min(1),
      }),
      result: labState,
    },
    stopLab: { params: nothing, result: done },
    restartHost: { params: z.object({ hostId: z.string() }), result: done },
    setSatelliteFailed: { params: position.extend({ failed: z.boolean() }), result: done },
    setLinkFailed: {
      params: position.extend({ direction: z.enum(['slot', 'plane']), failed: z.boolean() }),
      result: done,
    },
    constellation: { params: nothing, result: constellationSnapshot.nullable() },
    satelliteDetail: { params: position, result: satelliteDetail },
    delayReport: { params: nothing, result: delayStats },
    /** Serve the OpenAI-compatible API with these parameters, or stop serving (null). */
    serveApi: {
      params: z.object({ parameters: parameterValues.nullable() }),
      result: z.object({ url: z.string().nullable() }),
    },

    presets: { params: nothing, result: z.array(preset) },
    checkExperiment: { params: z.object({ yaml: z.string() }), result: experimentCheck },

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

    recentLog: { params: nothing, result: z.array(logLine) },

    ...inventoryApi.methods,
    ...provisioningApi.methods,
    ...hostApi.methods,
    ...modelApi.methods,
    ...simulationApi.methods,
  },
  events: {
    labChanged: labState,
    runChanged: runSummary,
    runDeleted: runRef,
    live: liveBatch,
    constellationChanged: constellationSnapshot,
    runEvent: runEvent.extend({ runId: z.string() }),
    /** Readings that were stored now. */
    machinesRead: trialRef.extend({ readings: z.array(machineReading) }),
    log: z.array(logLine),
    ...inventoryApi.events,
    ...provisioningApi.events,
    ...hostApi.events,
    ...modelApi.events,
    ...simulationApi.events,
  },
} satisfies Contract
export type ConsoleApi = typeof consoleApi
