/** One conversation about one document: turn t's prompt holds the document and all turns before it. */
export class PromptSession {
  readonly #questions: readonly (readonly number[])[]
  #tokens: number[]
  #asked = -1

  /**
   * @param opening tokens that stand at the start of every prompt: begin of text and the document
   * @param questions tokens of each turn's question, with what separates it from the text before
   */
  constructor(opening: readonly number[], questions: readonly (readonly number[])[]) {
    this.#tokens = [...opening]
    this.#questions = questions
  }

  get turns(): number {
    return this.#questions.length
  }

  /** The prompt of a turn; turns are asked in order. */
  prompt(turn: number): readonly number[] {
    if (turn === this.#asked + 1) {
      this.#tokens = [...this.#tokens, ...(this.#questions[turn] ?? [])]
      this.#asked = turn
    }
    return this.#tokens
  }

  answered(_turn: number, answer: readonly number[]): void {
    this.#tokens = [...this.#tokens, ...answer]
  }
}
