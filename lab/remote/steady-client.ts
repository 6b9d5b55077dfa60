import { SkyError } from '#shared/contract/errors'
import type { Client, Contract, EventPayload, MethodParams, MethodResult } from '#shared/contract/rpc'

/** One connection's client, and what tells its end from the end of another one. */
export interface LinkedClient<C extends Contract> {
  readonly client: Client<C>
}

/**
 * A client that outlives its connections. A call waits for the next connection while there is none, and is made again when its
 * connection was lost before the answer came: every method of an agent may be called twice (docs/decisions/0108).
 */
export class SteadyClient<C extends Contract> implements Client<C> {
  readonly #whenLinked: (signal?: AbortSignal) => Promise<Client<C>>
  readonly #listeners = new Map<string, Set<(payload: never) => void>>()

  /** @param whenLinked the client of the present or the next connection; rejects once there will be none */
  constructor(whenLinked: (signal?: AbortSignal) => Promise<Client<C>>) {
    this.#whenLinked = whenLinked
  }

  /** Events of this connection go to whoever listens. */
  attach(client: Client<C>): void {
    for (const event of this.#listeners.keys()) this.#forward(client, event)
    this.#attached = client
  }

  #attached: Client<C> | null = null

  async call<M extends keyof C['methods'] & string>(
    method: M,
    params: MethodParams<C, M>,
    signal?: AbortSignal,
  ): Promise<MethodResult<C, M>> {
    for (;;) {
      const client = await this.#whenLinked(signal)
      try {
        return await client.call(method, params, signal)
      } catch (thrown) {
        if (!(thrown instanceof SkyError) || thrown.code !== 'connection_lost' || signal?.aborted)
          throw thrown
      }
    }
  }

  on<E extends keyof C['events'] & string>(
    event: E,
    listener: (payload: EventPayload<C, E>) => void,
  ): () => void {
    let listeners = this.#listeners.get(event)
    if (!listeners) {
      listeners = new Set()
      this.#listeners.set(event, listeners)
      if (this.#attached) this.#forward(this.#attached, event)
    }
    const all = listeners
    all.add(listener)
    return () => void all.delete(listener)
  }

  #forward(client: Client<C>, event: string): void {
    client.on(event, (payload) => {
      for (const listener of this.#listeners.get(event) ?? []) listener(payload as never)
    })
  }
}
