import { z } from 'zod'
import { hostName, serviceKinds } from '../inventory/inventory'
import { errorBody } from './errors'
import { labRef } from './inventory-api'

/** The part of the console's contract about checking hosts, deploying agents and taking them away. Composed into `consoleApi`. */

const done = z.null()
/** Null = all hosts of the lab. */
const someHosts = labRef.extend({ hosts: z.array(hostName).min(1).nullable() })

// ---- preflight -------------------------------------------------------------------------------------------

export const checkStatus = z.enum(['ok', 'warning', 'failed', 'skipped'])
export type CheckStatus = z.infer<typeof checkStatus>

/** One thing that was looked at on one host. */
export const hostCheck = z.object({
  /** Stable name, such as `memory`. */
  id: z.string(),
  title: z.string(),
  status: checkStatus,
  /** With units. Empty: nothing could be found. */
  found: z.string(),
  needed: z.string(),
  /** What to do; empty when all is well. */
  advice: z.string(),
})
export type HostCheck = z.infer<typeof hostCheck>

/** From one host of the lab to another one. */
export const hostPair = z.object({
  from: hostName,
  to: hostName,
  status: checkStatus,
  /** Null = not measured. */
  roundTripMs: z.number().nullable(),
  /** Mbit/s, 10^6 bits. */
  throughputMbitS: z.number().nullable(),
  /** Why not, and what to do; empty when all is well. */
  problem: z.string(),
})
export type HostPair = z.infer<typeof hostPair>

export const preflightHost = z.object({
  host: hostName,
  state: z.enum(['waiting', 'running', 'done']),
  checks: z.array(hostCheck),
  /** Why it could not be checked at all. */
  error: errorBody.nullable(),
})

export const preflightReport = z.object({
  lab: z.string(),
  /** Unix ms. */
  startedAt: z.number(),
  /** Null while it goes on. */
  finishedAt: z.number().nullable(),
  hosts: z.array(preflightHost),
  pairs: z.array(hostPair),
})
export type PreflightReport = z.infer<typeof preflightReport>

// ---- plan, apply, rollback, remove -----------------------------------------------------------------------

export const planStep = z.object({
  /** Stable name, such as `runtime`. */
  id: z.string(),
  title: z.string(),
  action: z.enum(['create', 'update', 'delete', 'restart', 'none']),
  /** What exactly, with paths. */
  detail: z.string(),
  /** Bytes to send; 0 when none. */
  bytes: z.number(),
})
export type PlanStep = z.infer<typeof planStep>

export const hostPlan = z.object({
  host: hostName,
  service: z.enum(serviceKinds).nullable(),
  directory: z.string(),
  installedVersion: z.string().nullable(),
  previousVersion: z.string().nullable(),
  steps: z.array(planStep),
  /** Why there can be no plan for this host. */
  error: errorBody.nullable(),
})
export type HostPlan = z.infer<typeof hostPlan>

export const labPlan = z.object({
  lab: z.string(),
  /** What would be deployed. */
  version: z.string(),
  hosts: z.array(hostPlan),
})
export type LabPlan = z.infer<typeof labPlan>

export const provisioningActions = ['apply', 'rollback', 'remove'] as const

export const hostProgress = z.object({
  host: hostName,
  state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
  /** What is done now, or was done last. */
  step: z.string(),
  stepsDone: z.int(),
  steps: z.int(),
  bytesDone: z.number(),
  bytes: z.number(),
  /** False at the end: everything was as it should be already. */
  changed: z.boolean(),
  error: errorBody.nullable(),
})
export type HostProgress = z.infer<typeof hostProgress>

export const provisioningState = z.object({
  lab: z.string(),
  action: z.enum(provisioningActions),
  startedAt: z.number(),
  /** Null while it goes on. */
  finishedAt: z.number().nullable(),
  hosts: z.array(hostProgress),
})
export type ProvisioningState = z.infer<typeof provisioningState>

export const provisioningApi = {
  methods: {
    /** Look at every host; nothing is changed. Cancelling the call ends it. Its progress comes as events. */
    preflight: { params: labRef, result: preflightReport },
    /** What it found last, or null. */
    lastPreflight: { params: labRef, result: preflightReport.nullable() },

    plan: { params: someHosts, result: labPlan },
    /**
     * Deploy on all hosts or some, side by side; the answer comes at the end and says which hosts failed.
     * What happens on a host is told in the log, with the host as its source.
     */
    apply: { params: someHosts, result: provisioningState },
    /** Go back to the version that was installed before. */
    rollback: { params: someHosts, result: provisioningState },
    /** Take everything away again. */
    removeInstallation: { params: someHosts, result: provisioningState },
    cancelProvisioning: { params: labRef, result: done },
    /** What goes on or went on last, or null. */
    provisioning: { params: labRef, result: provisioningState.nullable() },
  },
  events: {
    preflightChanged: preflightReport,
    provisioningChanged: provisioningState,
  },
}
