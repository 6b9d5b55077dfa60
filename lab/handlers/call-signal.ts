import type { CallContext } from '#shared/contract/rpc'

/** A signal that is aborted when whoever made a call cancels it. */
export function signalOf(context: CallContext): AbortSignal {
  const ending = new AbortController()
  if (context.isCancelled()) ending.abort()
  context.onCancelled(() => ending.abort())
  return ending.signal
}
