import { SkyError, type ErrorBody } from '#shared/contract/errors'
import type { RunModel, TrialModel } from './run-model'
import { StorageGate } from './storage-gate'
import type { TrialExecution } from './trial-execution'

/** The run that has its turn: what it is doing, and how to hold or end it. */
export class RunTurn {
  readonly run: RunModel
  /** Trials to run; null = all that wait. */
  readonly only: Set<string> | null
  readonly gate: StorageGate
  /** Resolves when the run has given its turn back. */
  readonly over: Promise<void>
  end: () => void = () => undefined
  trial: TrialModel | null = null
  execution: TrialExecution | null = null
  readonly #cancel = new AbortController()
  #paused: { readonly over: Promise<void>; readonly end: () => void } | null = null

  constructor(
    run: RunModel,
    only: Set<string> | null,
    reopen: () => Promise<void>,
    onBlocked: (turn: RunTurn, reason: ErrorBody) => void,
  ) {
    this.run = run
    this.only = only
    this.over = new Promise((resolve) => (this.end = resolve))
    this.gate = new StorageGate(reopen, (reason) => onBlocked(this, reason))
  }

  get trialId(): string | null {
    return this.trial?.planned.trialId ?? null
  }

  /** Aborted when the run is cancelled or the program ends. */
  get signal(): AbortSignal {
    return this.#cancel.signal
  }

  get isPaused(): boolean {
    return this.#paused !== null
  }

  pause(): void {
    if (this.#paused) return
    let end: () => void = () => undefined
    const over = new Promise<void>((resolve) => (end = resolve))
    this.#paused = { over, end }
  }

  unpause(): void {
    const paused = this.#paused
    this.#paused = null
    paused?.end()
  }

  /** Resolves at once, or when the pause is over. */
  async whenGoing(): Promise<void> {
    while (this.#paused) await this.#paused.over
  }

  /** End it: nothing waits any more, neither for the user nor for the disk. */
  giveUp(why: string): void {
    this.#cancel.abort()
    this.gate.abandon(new SkyError('cancelled', why))
    this.unpause()
  }
}
