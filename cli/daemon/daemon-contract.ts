import { z } from 'zod'
import { consoleApi } from '#shared/contract/console-api'
import type { Contract } from '#shared/contract/rpc'

/** What a lab in the background answers: the console's API, and its own end. */
export const daemonApi = {
  methods: {
    ...consoleApi.methods,
    /** Interrupt what runs (it can be resumed), stop the lab, and end. */
    shutdown: { params: z.object({}), result: z.null() },
  },
  events: consoleApi.events,
} satisfies Contract
export type DaemonApi = typeof daemonApi

/** What the background process tells the command that started it. */
export const daemonGreeting = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('failed'), error: z.unknown() }),
])
