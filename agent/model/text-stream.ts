/** Tokens before the ones in hand: a tokenizer may need them to know whether a space belongs between. */
const remembered = 4
/** Stands for bytes that are no whole character (yet). */
const replacement = '�'
/** A character has at most four bytes, and a token at least one: what is incomplete after that stays so. */
const longestCharacter = 4

/** Turns tokens into text as they come; text whose last character is not complete waits for the rest of it. */
export class TextStream {
  readonly #detokenise: (tokens: readonly number[], before: readonly number[]) => string
  #before: number[] = []
  #pending: number[] = []

  constructor(detokenise: (tokens: readonly number[], before: readonly number[]) => string) {
    this.#detokenise = detokenise
  }

  /** @param last nothing follows: give what there is */
  push(token: number, last: boolean): string {
    this.#pending.push(token)
    const text = this.#detokenise(this.#pending, this.#before)
    if (!last && text.endsWith(replacement) && this.#pending.length < longestCharacter) return ''
    this.#before = [...this.#before, ...this.#pending].slice(-remembered)
    this.#pending = []
    return text
  }
}
