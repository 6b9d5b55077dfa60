import type { CancellationToken, MessageConnection } from 'vscode-jsonrpc'
import { z } from 'zod'
import { errorBody, fromErrorBody, SkyError, toErrorBody, type ErrorBody } from './errors'

/**
 * One typed API over any JSON-RPC connection: a map of methods and events, each with its zod schema.
 *
 * Arguments are validated where they arrive, and so are results and events: neither side trusts the other.
 * Every answer is an envelope, `{ ok: true, value }` or `{ ok: false, error }`, so that error codes survive the boundary.
 */
export interface MethodSpec {
  readonly params: z.ZodType
  readonly result: z.ZodType
}

export interface Contract {
  readonly methods: Readonly<Record<string, MethodSpec>>
  readonly events: Readonly<Record<string, z.ZodType>>
}

type Methods<C extends Contract> = C['methods']
type Events<C extends Contract> = C['events']
export type MethodParams<C extends Contract, M extends keyof Methods<C>> = z.input<Methods<C>[M]['params']>
export type MethodResult<C extends Contract, M extends keyof Methods<C>> = z.output<Methods<C>[M]['result']>
export type EventPayload<C extends Contract, E extends keyof Events<C>> = z.output<Events<C>[E]>

/** The part of AbortSignal that this layer needs: shared code knows neither Node nor DOM types. */
export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface CallContext {
  /** True once the caller no longer wants the answer. */
  isCancelled(): boolean
  /** Called at once where the call is cancelled already. */
  onCancelled(listener: () => void): void
}

export type Handlers<C extends Contract> = {
  [M in keyof Methods<C>]: (
    params: z.output<Methods<C>[M]['params']>,
    context: CallContext,
  ) => Promise<z.input<Methods<C>[M]['result']>> | z.input<Methods<C>[M]['result']>
}

export interface Client<C extends Contract> {
  call<M extends keyof Methods<C> & string>(
    method: M,
    params: MethodParams<C, M>,
    signal?: AbortSignalLike,
  ): Promise<MethodResult<C, M>>
  /** Subscribe; returns the function that unsubscribes. */
  on<E extends keyof Events<C> & string>(
    event: E,
    listener: (payload: EventPayload<C, E>) => void,
  ): () => void
}

export interface Emitter<C extends Contract> {
  emit<E extends keyof Events<C> & string>(event: E, payload: z.input<Events<C>[E]>): void
}

const envelope = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: errorBody }),
])

type Envelope = { ok: true; value: unknown } | { ok: false; error: ErrorBody }

function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || '(value)'}: ${issue.message}`).join('; ')
}

/** Answer the contract's methods on this connection. Call `connection.listen()` afterwards. */
export function serve<C extends Contract>(
  connection: MessageConnection,
  contract: C,
  handlers: Handlers<C>,
): Emitter<C> {
  for (const [method, spec] of Object.entries(contract.methods)) {
    const handler = handlers[method as keyof Handlers<C>]
    connection.onRequest(method, async (raw: unknown, token: CancellationToken): Promise<Envelope> => {
      const params = spec.params.safeParse(raw)
      if (!params.success) {
        const message = `${method}: ${describeIssues(params.error)}`
        return { ok: false, error: toErrorBody(new SkyError('invalid_argument', message)) }
      }
      const context: CallContext = {
        isCancelled: () => token.isCancellationRequested,
        onCancelled: (listener) => {
          // A token that was cancelled before its handler began tells nobody.
          if (token.isCancellationRequested) listener()
          else token.onCancellationRequested(listener)
        },
      }
      try {
        return { ok: true, value: (await handler(params.data as never, context)) ?? null }
      } catch (thrown) {
        return { ok: false, error: toErrorBody(thrown) }
      }
    })
  }
  return { emit: (event, payload) => void connection.sendNotification(event, payload).catch(() => undefined) }
}

/**
 * Call the contract's methods on this connection. Call `connection.listen()` afterwards.
 * @param peer names the other side in error messages
 */
export function connect<C extends Contract>(
  connection: MessageConnection,
  contract: C,
  peer: string,
): Client<C> {
  const listeners = new Map<string, Set<(payload: never) => void>>()
  for (const [event, schema] of Object.entries(contract.events)) {
    const set = new Set<(payload: never) => void>()
    listeners.set(event, set)
    connection.onNotification(event, (raw: unknown) => {
      const payload = schema.safeParse(raw)
      if (payload.success) for (const listener of set) listener(payload.data as never)
    })
  }

  async function call<M extends keyof Methods<C> & string>(
    method: M,
    params: MethodParams<C, M>,
    signal?: AbortSignalLike,
  ): Promise<MethodResult<C, M>> {
    const answer = await send(connection, peer, method, params, signal)
    if (!answer.ok) throw fromErrorBody(answer.error)
    const spec = contract.methods[method] as MethodSpec
    const value = spec.result.safeParse(answer.value)
    if (!value.success) {
      throw new SkyError('protocol_error', `${peer} answered ${method} with ${describeIssues(value.error)}`)
    }
    return value.data as MethodResult<C, M>
  }

  return {
    call,
    on: (event, listener) => {
      const set = listeners.get(event)
      set?.add(listener)
      return () => void set?.delete(listener)
    },
  }
}

async function send(
  connection: MessageConnection,
  peer: string,
  method: string,
  params: unknown,
  signal?: AbortSignalLike,
): Promise<Envelope> {
  const cancellation = new CancelOnAbort(signal)
  try {
    const answer = envelope.safeParse(await connection.sendRequest(method, params, cancellation))
    if (answer.success) return answer.data
    throw new SkyError('protocol_error', `${peer} answered ${method} with something that is not an envelope`)
  } catch (thrown) {
    if (thrown instanceof SkyError) throw thrown
    if (signal?.aborted) throw new SkyError('cancelled', `${method} was cancelled`)
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError('connection_lost', `the connection to ${peer} was lost during ${method} (${reason})`)
  } finally {
    cancellation.dispose()
  }
}

/** A JSON-RPC cancellation token that follows an AbortSignal. */
class CancelOnAbort implements CancellationToken {
  readonly #signal: AbortSignalLike | undefined
  readonly #listeners = new Set<() => void>()

  constructor(signal: AbortSignalLike | undefined) {
    this.#signal = signal
  }

  get isCancellationRequested(): boolean {
    return this.#signal?.aborted ?? false
  }

  onCancellationRequested = (listener: (e: unknown) => unknown): { dispose(): void } => {
    const onAbort = (): void => void listener(undefined)
    this.#listeners.add(onAbort)
    this.#signal?.addEventListener('abort', onAbort, { once: true })
    return { dispose: () => this.#signal?.removeEventListener('abort', onAbort) }
  }

  dispose(): void {
    for (const listener of this.#listeners) this.#signal?.removeEventListener('abort', listener)
  }
}
