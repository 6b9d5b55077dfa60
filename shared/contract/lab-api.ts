import { z } from 'zod'
import { parameterValues } from '../experiment/parameters'
import { satelliteCounters } from '../experiment/records'
import { labName } from '../inventory/inventory'
import { clockOffset, delayStats, hardware, position, storedBlock, telemetry } from './agent-control'
import { errorBody } from './errors'

/** The part of the console's contract about the lab that runs, and its constellation. Composed into `consoleApi`. */

const nothing = z.object({})
const done = z.null()

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
  /** Its service was stopped while the lab used it; `by`: who, such as ada@laptop, or null where nobody noted it. */
  z.object({ kind: z.literal('stopped_by_hand'), at: z.number(), by: z.string().nullable() }),
  /** Its installation was taken away while the lab used it; `by` as above. */
  z.object({ kind: z.literal('removed'), at: z.number(), by: z.string().nullable() }),
  /** Its agent is started again, or another version takes its place; it comes back by itself. `by` as above. */
  z.object({
    kind: z.literal('restarting'),
    at: z.number(),
    by: z.string().nullable(),
    isUpdate: z.boolean(),
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

export const labApi = {
  methods: {
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
    /** Serve the OpenAI-compatible API with these parameters on a port (0 = any that is free), or stop serving (null). */
    serveApi: {
      params: z.object({
        parameters: parameterValues.nullable(),
        port: z.int().min(0).max(65_535).default(0),
      }),
      result: z.object({ url: z.string().nullable() }),
    },
  },
  events: {
    labChanged: labState,
    constellationChanged: constellationSnapshot,
  },
}
