import type { CallContext } from '#shared/contract/rpc'

/** Cancels the calls of one connection when it is gone: nobody waits for their answers any more. */
export class WhileConnected {
  readonly #listeners = new Set<() => void>()
  #isGone = false

  constructor(connection: { onClose(listener: () => void): void }) {
    connection.onClose(() => {
      this.#isGone = true
      for (const listener of this.#listeners) listener()
    })
  }

  /** Make a call that is cancelled by its caller, or by the end of its connection. */
  async call<T>(context: CallContext, work: (context: CallContext) => Promise<T>): Promise<T> {
    const mine: (() => void)[] = []
    try {
      return await work({
        isCancelled: () => this.#isGone || context.isCancelled(),
        onCancelled: (listener) => {
          context.onCancelled(listener)
          this.#listeners.add(listener)
          mine.push(listener)
        },
      })
    } finally {
      for (const listener of mine) this.#listeners.delete(listener)
    }
  }
}
