import { quotedAnswer, syntheticNamespace } from '../../engine/synthetic-answer'
import type { ParameterValues } from '../../experiment/parameters'
import { blockHashes, hashText, namespaceHash } from '../../kvc/block-hash'
import { usablePrefix } from '../../kvc/prefix'
import { requestIdOf } from '../../workload/plan'
import type { PromptSession } from '../../workload/prompt-session'
import { Running, type Process } from './process'
import type { RequestDesk, SimulatedRequest, Workload } from './workload'

/** Gives equal block hashes equal numbers. */
class BlockNumbers {
  readonly #numbers = new Map<string, number>()

  of(hashes: readonly Uint8Array[]): Int32Array {
    return Int32Array.from(hashes, (hash) => {
      const text = hashText(hash)
      let number = this.#numbers.get(text)
      if (number === undefined) {
        number = this.#numbers.size
        this.#numbers.set(text, number)
      }
      return number
    })
  }
}

/**
 * The experiment's own workload: `concurrency` conversations at a time, each with its next question as soon as the answer
 * to the last one is complete. Prompts, answers and block hashes are those of the agents.
 */
export class SessionWorkload implements Workload {
  readonly #sessions: readonly PromptSession[]
  readonly #parameters: ParameterValues
  readonly #numbers = new BlockNumbers()
  readonly #namespace: Uint8Array

  constructor(sessions: readonly PromptSession[], parameters: ParameterValues) {
    this.#sessions = sessions
    this.#parameters = parameters
    this.#namespace = namespaceHash(syntheticNamespace(parameters.kvc_bytes_per_token))
  }

  get requestsTotal(): number {
    return this.#sessions.reduce((sum, session) => sum + session.turns, 0)
  }

  *run(desk: RequestDesk): Process<void> {
    const queue = this.#sessions.entries()
    const workers = Array.from({ length: this.#parameters.concurrency }, () => {
      return new Running(this.#converseAll(desk, queue))
    })
    for (const worker of workers) yield* worker.wait()
  }

  *#converseAll(desk: RequestDesk, queue: Iterable<[number, PromptSession]>): Process<void> {
    for (const [sessionId, session] of queue) {
      for (let turn = 0; turn < session.turns; turn++) {
        const prompt = session.prompt(turn)
        yield* desk.answer(this.#request(prompt, sessionId, turn))
        session.answered(turn, quotedAnswer(prompt, this.#parameters.output_tokens))
      }
    }
  }

  #request(prompt: readonly number[], sessionId: number, turn: number): SimulatedRequest {
    const { block_tokens, output_tokens, turns } = this.#parameters
    const hashes = blockHashes(prompt, block_tokens, this.#namespace)
    return {
      requestId: requestIdOf(sessionId, turn, turns),
      sessionId,
      turn,
      promptTokens: prompt.length,
      outputTokens: output_tokens,
      blocks: this.#numbers.of(hashes),
      usableBlocks: usablePrefix(hashes.length, prompt.length, block_tokens),
      tokensOfBlocks: (blocks) => blocks * block_tokens,
    }
  }
}
