/**
 * Measures how fast prompts are computed. Whole blocks tell it: they are what a cache saves. The tail of a prompt, which is always
 * computed, is shorter and slower a token, and counts only until a whole block was computed.
 */
export class PrefillMeter {
  #blocks = { tokens: 0, ms: 0 }
  #tails = { tokens: 0, ms: 0 }

  blocks(tokens: number, ms: number): void {
    this.#blocks = { tokens: this.#blocks.tokens + tokens, ms: this.#blocks.ms + ms }
  }

  tail(tokens: number, ms: number): void {
    this.#tails = { tokens: this.#tails.tokens + tokens, ms: this.#tails.ms + ms }
  }

  /** Null before the first prefill. */
  tokensPerS(): number | null {
    const { tokens, ms } = this.#blocks.tokens > 0 ? this.#blocks : this.#tails
    return tokens === 0 || ms === 0 ? null : tokens / (ms / 1000)
  }
}
