import { z } from 'zod'
import { serviceKinds } from '../inventory/inventory'
import { hostRef } from './inventory-api'

/** The part of the console's contract about one SSH host: its service, its log, a terminal. Composed into `consoleApi`. */

const done = z.null()

export const serviceActions = ['start', 'stop', 'restart'] as const

export const serviceState = z.object({
  /** Null = nothing is installed. */
  installedVersion: z.string().nullable(),
  previousVersion: z.string().nullable(),
  service: z.enum(serviceKinds).nullable(),
  state: z.enum(['running', 'stopped', 'failed', 'not_installed']),
  /** Process of the agent. */
  pid: z.int().nullable(),
  nodeVersion: z.string().nullable(),
  directory: z.string(),
})
export type ServiceState = z.infer<typeof serviceState>

/** Lines of a log that can be asked for at once. */
export const mostLogLines = 2_000

const terminalRef = z.object({ terminalId: z.string() })
const terminalSize = z.object({
  columns: z.int().min(1).max(1_000),
  rows: z.int().min(1).max(1_000),
})

export const hostApi = {
  methods: {
    serviceState: { params: hostRef, result: serviceState },
    /** `force`: also while another console uses the lab, which else is `lab_held`. */
    controlService: {
      params: hostRef.extend({ action: z.enum(serviceActions), force: z.boolean().default(false) }),
      result: serviceState,
    },
    /** The newest lines of the service's log, oldest first. */
    readServiceLog: {
      params: hostRef.extend({ lines: z.int().min(1).max(mostLogLines) }),
      result: z.object({ lines: z.array(z.string()) }),
    },
    /** The newest lines of the service's log, and then what it adds, as events until it is ended. */
    followServiceLog: { params: hostRef, result: done },
    unfollowServiceLog: { params: hostRef, result: done },

    openTerminal: { params: hostRef.extend(terminalSize.shape), result: terminalRef },
    terminalInput: { params: terminalRef.extend({ text: z.string().max(1_000_000) }), result: done },
    resizeTerminal: { params: terminalRef.extend(terminalSize.shape), result: done },
    /** So many bytes of output were shown: the host may send more. */
    terminalShown: { params: terminalRef.extend({ bytes: z.int().min(1) }), result: done },
    closeTerminal: { params: terminalRef, result: done },
  },
  events: {
    serviceLog: hostRef.extend({ lines: z.array(z.string()) }),
    /** Following has ended by itself: the connection is lost, or the host does not let its log be read. */
    serviceLogEnded: hostRef.extend({ reason: z.string() }),
    /** `base64`: bytes as the host sent them. */
    terminalOutput: terminalRef.extend({ base64: z.string() }),
    terminalClosed: terminalRef.extend({ exitCode: z.int().nullable(), reason: z.string() }),
  },
}
