import { noSession, requestAt, type TraceBatch } from '../traces/trace-batch'
import { runProcess, Running, waitFor, type Process } from './process'
import type { RequestDesk, SimulatedRequest, Workload } from './workload'

/**
 * The requests of a trace at their own times, whether or not the model keeps up (open loop); only a request that waits
 * for its session's last answer comes later. Every block of the trace is one block of the cache, a prompt's last, partial
 * one included, and all of them may be hits: the engine then computes the last token again.
 */
export class TraceWorkload implements Workload {
  readonly #trace: TraceBatch
  /** Answers that are not complete. */
  #open = 0
  readonly #sessions = new Map<number, { turn: number; newest: Running<void> }>()
  #allDone: () => void = () => undefined

  constructor(trace: TraceBatch) {
    this.#trace = trace
  }

  get requestsTotal(): number {
    return this.#trace.requests
  }

  *run(desk: RequestDesk): Process<void> {
    const { requests, timestampsMs } = this.#trace
    for (let index = 0; index < requests; index++) {
      yield* desk.until(timestampsMs[index] as number)
      this.#begin(desk, index)
    }
    if (this.#open > 0) {
      yield* waitFor<null>((resume) => (this.#allDone = () => resume(null)))
    }
  }

  #begin(desk: RequestDesk, index: number): void {
    this.#open += 1
    const session = this.#trace.sessions[index] as number
    if (session === noSession) {
      runProcess(this.#answer(desk, index, index, 0, null))
      return
    }
    const before = this.#sessions.get(session) ?? null
    const turn = before === null ? 0 : before.turn + 1
    const newest = new Running(this.#answer(desk, index, session, turn, before?.newest ?? null))
    this.#sessions.set(session, { turn, newest })
  }

  *#answer(
    desk: RequestDesk,
    index: number,
    sessionId: number,
    turn: number,
    before: Running<void> | null,
  ): Process<void> {
    const delayMs = this.#trace.delaysMs[index] as number
    if (before !== null && !Number.isNaN(delayMs)) {
      yield* before.wait()
      yield* desk.until(desk.nowMs() + delayMs)
    }
    yield* desk.answer(this.#request(index, sessionId, turn))
    this.#open -= 1
    if (this.#open === 0) this.#allDone()
  }

  #request(index: number, sessionId: number, turn: number): SimulatedRequest {
    const { inputTokens, outputTokens, blockIds } = requestAt(this.#trace, index)
    const { blockTokens } = this.#trace
    return {
      requestId: index,
      sessionId,
      turn,
      promptTokens: inputTokens,
      outputTokens,
      blocks: blockIds,
      usableBlocks: blockIds.length,
      tokensOfBlocks: (blocks) => Math.min(blocks * blockTokens, inputTokens),
    }
  }
}
