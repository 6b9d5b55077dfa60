/** One after another, in the order in which they asked; who gives up waiting leaves the queue. */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  /** Resolves with the function that ends the turn. Rejects with the signal's reason; the turn then passes on by itself. */
  async take(signal: AbortSignal): Promise<() => void> {
    const before = this.#last
    let end = (): void => undefined
    this.#last = new Promise((resolve) => (end = resolve))
    const own = before.then(() => (signal.aborted ? end() : undefined))
    let giveUp = (): void => undefined
    const aborted = new Promise<never>((_, reject) => {
      giveUp = () => reject(signal.reason as Error)
    })
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await Promise.race([own, aborted])
      signal.throwIfAborted()
      return end
    } catch (thrown) {
      // The turn may still be to come: it is passed on when it does.
      void before.then(end)
      throw thrown
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }
}
