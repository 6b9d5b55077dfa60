import type { Process } from './process'

/** A prompt for the model, with its blocks as dense numbers: equal numbers = equal blocks after the same prefix. */
export interface SimulatedRequest {
  readonly requestId: number
  readonly sessionId: number
  readonly turn: number
  readonly promptTokens: number
  readonly outputTokens: number
  readonly blocks: Int32Array
  /** Blocks, from the first on, that may be handed to the engine. */
  readonly usableBlocks: number
  /** Tokens in these many blocks from the first on. */
  readonly tokensOfBlocks: (blocks: number) => number
}

/** What a workload asks of the simulation. */
export interface RequestDesk {
  /** Answer a request; ends when the answer is out and its new blocks are stored. */
  answer(request: SimulatedRequest): Process<void>
  /** Wait until this time since the start, ms. */
  until(timeMs: number): Process<void>
  /** Since the start. */
  nowMs(): number
}

/** Where the requests of a trial come from. */
export interface Workload {
  readonly requestsTotal: number
  /** All of it, from beginning to end. */
  run(desk: RequestDesk): Process<void>
}
