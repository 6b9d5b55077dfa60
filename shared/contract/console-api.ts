import { z } from 'zod'
import { chatApi } from './chat-api'
import { experimentApi } from './experiment-api'
import { hostApi } from './host-api'
import { inventoryApi } from './inventory-api'
import { labApi } from './lab-api'
import { localModelApi } from './local-model-api'
import { modelApi } from './model-api'
import { modelEngineApi } from './model-engine-api'
import { proofApi } from './proof-api'
import { provisioningApi } from './provisioning-api'
import type { Contract } from './rpc'
import { runApi } from './run-api'
import { simulationApi } from './simulation-api'

/**
 * What the desktop app and the command line ask of the lab engine.
 * The app speaks it over a MessagePort, the command line in its own process.
 */

export * from './experiment-api'
export * from './lab-api'
export * from './run-api'
export * from './run-records'

const nothing = z.object({})

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
    recentLog: { params: nothing, result: z.array(logLine) },

    ...labApi.methods,
    ...experimentApi.methods,
    ...runApi.methods,
    ...inventoryApi.methods,
    ...provisioningApi.methods,
    ...hostApi.methods,
    ...localModelApi.methods,
    ...modelApi.methods,
    ...modelEngineApi.methods,
    ...proofApi.methods,
    ...simulationApi.methods,
    ...chatApi.methods,
  },
  events: {
    log: z.array(logLine),
    ...labApi.events,
    ...runApi.events,
    ...inventoryApi.events,
    ...provisioningApi.events,
    ...hostApi.events,
    ...localModelApi.events,
    ...modelApi.events,
    ...modelEngineApi.events,
    ...proofApi.events,
    ...simulationApi.events,
    ...chatApi.events,
  },
} satisfies Contract
export type ConsoleApi = typeof consoleApi
