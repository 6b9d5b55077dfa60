import type { z } from 'zod'
import { consoleApi, type ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { AbortSignalLike, CallContext, Client, EventPayload, Handlers } from '#shared/contract/rpc'

type EventName = keyof ConsoleApi['events']
export type Emit = <E extends EventName>(event: E, payload: EventPayload<ConsoleApi, E>) => void

/** A client in this process: it checks arguments, results and events by the contract's schemas, as a real connection does. */
export function demoClient(handlers: Handlers<ConsoleApi>): { client: Client<ConsoleApi>; emit: Emit } {
  const listeners = new Map<EventName, Set<(payload: unknown) => void>>()
  return {
    client: {
      call: async (method, params, signal) => {
        const spec = consoleApi.methods[method]
        const handler = handlers[method] as (params: unknown, context: CallContext) => unknown
        const asked = spec.params.safeParse(params)
        if (!asked.success) throw new SkyError('invalid_argument', `${method}: ${asked.error.message}`)
        const value = await handler(asked.data, contextOf(signal))
        return (spec.result as z.ZodType).parse(value ?? null) as never
      },
      on: (event, listener) => {
        const set = listeners.get(event) ?? new Set()
        listeners.set(event, set)
        set.add(listener as (payload: unknown) => void)
        return () => void set.delete(listener as (payload: unknown) => void)
      },
    },
    emit: (event, payload) => {
      const checked = consoleApi.events[event].parse(payload)
      for (const listener of listeners.get(event) ?? []) listener(checked)
    },
  }
}

function contextOf(signal: AbortSignalLike | undefined): CallContext {
  return {
    isCancelled: () => signal?.aborted ?? false,
    onCancelled: (listener) => signal?.addEventListener('abort', listener, { once: true }),
  }
}
