/** Tokens before the ones in hand: a tokenizer may need them to know whether a space belongs between. */
const remembered = 4
/** Stands for bytes that are no whole character (yet). */
const replacement = '�'
/** A character has at most four bytes, and a token at least one. */
const longestCharacter = 4

/** Turns tokens into text as they come; a last character that is not complete waits for the rest of it. */
export class TextStream {
  readonly #detokenise: (tokens: readonly number[], before: readonly number[]) => string
  #before: readonly number[] = []
  #pending: readonly number[] = []
  /** How much of the pending tokens' text is out already. */
  #given = 0

  constructor(detokenise: (tokens: readonly number[], before: readonly number[]) => string) {
    this.#detokenise = detokenise
  }

  /** @param last nothing follows: give what there is */
  push(token: number, last: boolean): string {
    this.#pending = [...this.#pending, token]
    const text = this.#detokenise(this.#pending, this.#before)
    // Whatever follows can change only what stands for the bytes at the end.
    const isComplete = last || !text.endsWith(replacement)
    const end = isComplete ? text.length : text.length - replacement.length
    const out = text.slice(this.#given, end)
    this.#given = end
    if (isComplete) this.#settle(this.#pending.length, text)
    else if (this.#pending.length > longestCharacter) this.#settleSome(text)
    return out
  }

  /** Bytes that never become a character would pend for ever: those tokens are over behind which another character begins. */
  #settleSome(text: string): void {
    for (let count = this.#pending.length - 1; count > 0; count--) {
      const head = this.#detokenise(this.#pending.slice(0, count), this.#before)
      const tail = this.#detokenise(this.#pending.slice(count), this.#remember(count))
      if (head + tail === text) return this.#settle(count, head)
    }
  }

  #settle(count: number, text: string): void {
    this.#before = this.#remember(count)
    this.#pending = this.#pending.slice(count)
    this.#given -= text.length
  }

  #remember(count: number): readonly number[] {
    return [...this.#before, ...this.#pending.slice(0, count)].slice(-remembered)
  }
}
