import { consoleApi, type ConsoleApi } from '#shared/contract/console-api'
import { fromErrorBody, SkyError, toErrorBody } from '#shared/contract/errors'
import type { Client, MethodSpec } from '#shared/contract/rpc'
import type { LabEngine } from './engine'

/**
 * The engine's API within the same process: the same calls, validation and errors as over a connection, so that a caller
 * cannot tell the difference.
 */
export function localClient(engine: LabEngine): Client<ConsoleApi> {
  return {
    call: async (method, params, signal) => {
      const spec: MethodSpec = consoleApi.methods[method]
      const checked = spec.params.safeParse(params)
      if (!checked.success) {
        const issues = checked.error.issues.map(
          (issue) => `${issue.path.join('.') || '(value)'}: ${issue.message}`,
        )
        throw new SkyError('invalid_argument', `${method}: ${issues.join('; ')}`)
      }
      const context = {
        isCancelled: () => signal?.aborted ?? false,
        onCancelled: (listener: () => void) => {
          if (signal?.aborted) listener()
          else signal?.addEventListener('abort', listener, { once: true })
        },
      }
      const handler = engine.api[method] as (params: unknown, context: unknown) => unknown
      const answer = await Promise.resolve()
        .then(() => handler(checked.data, context))
        .catch((thrown: unknown) => {
          throw fromErrorBody(toErrorBody(thrown))
        })
      const result = spec.result.safeParse(answer ?? null)
      if (!result.success)
        throw new SkyError('protocol_error', `${method} answered with ${result.error.message}`)
      return result.data as never
    },
    on: (event, listener) =>
      engine.subscribe((name, payload) => {
        if ((name as string) === event) listener(payload as never)
      }),
  }
}
