import type { z } from 'zod'
import { consoleApi, type ConsoleApi } from '#shared/contract/console-api'
import type { Client, EventPayload, Handlers } from '#shared/contract/rpc'

type EventName = keyof ConsoleApi['events']
export type Emit = <E extends EventName>(event: E, payload: EventPayload<ConsoleApi, E>) => void

/** A client in this process: it checks arguments, results and events by the contract's schemas, as a real connection does. */
export function demoClient(handlers: Handlers<ConsoleApi>): { client: Client<ConsoleApi>; emit: Emit } {
  const listeners = new Map<EventName, Set<(payload: unknown) => void>>()
  return {
    client: {
      call: async (method, params) => {
        const spec = consoleApi.methods[method]
        const handler = handlers[method] as (params: unknown) => unknown
        const value = await handler(spec.params.parse(params))
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
