import { blockCount } from './fields'

/**
 * Blocks of prompts that are beginnings of one endless stream of tokens, of which nothing but its identity is known: a whole block is the same in
 * all of them, a partial last block only in prompts of equal length.
 */
export class TokenStream {
  readonly #blockTokens: number
  readonly #fresh: () => number
  readonly #whole: number[] = []
  /** Partial last blocks by the length of their prompt. */
  readonly #partial = new Map<number, number>()

  /** @param fresh gives the number of a block that is equal to no other */
  constructor(blockTokens: number, fresh: () => number) {
    this.#blockTokens = blockTokens
    this.#fresh = fresh
  }

  /** Says what the first tokens of the stream are; only before anything was asked. */
  begin(tokens: number, blocks: readonly number[]): void {
    const whole = Math.floor(tokens / this.#blockTokens)
    for (const block of blocks.slice(0, whole)) this.#whole.push(block)
    const last = blocks[whole]
    if (last !== undefined) this.#partial.set(tokens, last)
  }

  /** The blocks of the stream's first tokens, a partial last one included. */
  blocks(tokens: number): number[] {
    const whole = Math.floor(tokens / this.#blockTokens)
    const all = blockCount(tokens, this.#blockTokens)
    while (this.#whole.length < whole) this.#whole.push(this.#fresh())
    const blocks = this.#whole.slice(0, whole)
    if (all > whole) {
      const known = this.#partial.get(tokens) ?? this.#fresh()
      this.#partial.set(tokens, known)
      blocks.push(known)
    }
    return blocks
  }
}
