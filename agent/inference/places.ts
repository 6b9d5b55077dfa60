import { SkyError } from '#shared/contract/errors'

/** Where requests wait for one of a few places, in the order in which they came. */
export class Places {
  readonly #places: number
  readonly #mostWaiting: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor({ places, mostWaiting }: { readonly places: number; readonly mostWaiting: number }) {
    this.#places = places
    this.#mostWaiting = mostWaiting
  }

  get running(): number {
    return this.#taken
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get isFull(): boolean {
    return this.#taken === this.#places && this.#waiting.length >= this.#mostWaiting
  }

  /**
   * Resolves with the function that gives the place back; calling it again does nothing. Who gives up waiting leaves the queue.
   * @throws SkyError conflict when too many wait already; the signal's reason
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.isFull) {
      const message = `${this.#waiting.length} requests wait for the model already`
      throw new SkyError('conflict', message, 'Try again when some of them are answered.')
    }
    if (this.#taken === this.#places) await this.#wait(signal)
    else this.#taken += 1
    let given = false
    return () => {
      if (given) return
      given = true
      this.#giveBack()
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const proceed = (): void => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(proceed), 1)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(proceed)
    })
  }

  /** The place passes on to who has waited longest. */
  #giveBack(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#taken -= 1
    else next()
  }
}
