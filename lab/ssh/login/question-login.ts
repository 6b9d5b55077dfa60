import type { AnyAuthMethod, Prompt } from 'ssh2'
import type { NeededSecret } from '#shared/contract/inventory-api'
import type { SkyError } from '#shared/contract/errors'
import { printable } from '#shared/text/printable'
import { secretNeeded, type SecretSource } from '../../secrets/secret'
import type { Hop } from '../connect/hop'
import type { Login } from './login'
import { hungUp, notOffered } from './refusals'

/** Longest question that is shown, characters. */
const longestPrompt = 1_000
/** Questions that one login may ask: a server must not fill memory with them. */
const mostPrompts = 20

/**
 * Login by answers to what the server asks, as one-time codes need. Nobody can be asked while the connection waits: where an answer is
 * missing the login ends. Questions may come in several rounds, and as several proofs: those of all rounds so far are told.
 */
export class QuestionLogin implements Login {
  readonly #hop: Hop
  readonly #secrets: SecretSource
  readonly #prompts: NeededSecret['prompts'] = []
  /** Those that were not used yet. */
  #answers: string[] = []
  #tried = false

  constructor(hop: Hop, secrets: SecretSource) {
    this.#hop = hop
    this.#secrets = secrets
  }

  async next(
    offered: readonly string[],
    partial: boolean,
    giveUp: (error: SkyError) => void,
  ): Promise<AnyAuthMethod | null> {
    if (this.#tried && !partial) return null
    if (!offered.includes('keyboard-interactive')) {
      throw notOffered(this.#hop, 'questions (keyboard-interactive)', offered)
    }
    const { lab, target } = this.#hop
    if (!this.#tried) this.#answers = [...(this.#secrets.takeAnswers(lab, target.name) ?? [])]
    this.#tried = true
    return {
      type: 'keyboard-interactive',
      username: target.user,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        this.#note(prompts)
        const answers = this.#answers.splice(0, prompts.length)
        if (answers.length === prompts.length) finish(answers)
        else giveUp(this.#needed(false))
      },
    }
  }

  failure(said: string | null): SkyError {
    if (this.#prompts.length === 0) return hungUp(this.#hop, said ?? 'it asked nothing', '')
    return this.#needed(true)
  }

  #needed(wasWrong: boolean): SkyError {
    const { lab, target } = this.#hop
    return secretNeeded({ lab, kind: 'answers', target: target.name }, wasWrong, this.#prompts)
  }

  #note(prompts: readonly Prompt[]): void {
    for (const { prompt, echo } of prompts) {
      if (this.#prompts.length === mostPrompts) return
      this.#prompts.push({ text: printable(prompt).slice(0, longestPrompt), echo: echo === true })
    }
  }
}
