import type { OutputToken } from '../engine'

/** Tokens on their way from the model to who reads them. */
export class TokenQueue implements AsyncIterable<OutputToken> {
  readonly #waiting: OutputToken[] = []
  #state: { kind: 'open' } | { kind: 'ended' } | { kind: 'failed'; reason: unknown } = { kind: 'open' }
  #wake: () => void = () => undefined

  push(token: OutputToken): void {
    this.#waiting.push(token)
    this.#wake()
  }

  end(): void {
    if (this.#state.kind === 'open') this.#state = { kind: 'ended' }
    this.#wake()
  }

  /** What was pushed before is still read. */
  fail(reason: unknown): void {
    if (this.#state.kind === 'open') this.#state = { kind: 'failed', reason }
    this.#wake()
  }

  /** Resolves when there is something to read, or nothing will come. */
  async first(): Promise<void> {
    while (this.#waiting.length === 0) {
      if (this.#state.kind === 'ended') return
      if (this.#state.kind === 'failed') throw this.#state.reason
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputToken> {
    for (;;) {
      await this.first()
      const token = this.#waiting.shift()
      if (token === undefined) return
      yield token
    }
  }
}
