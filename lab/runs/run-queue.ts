import type { PlannedTrial } from '#shared/contract/console-api'
import { SkyError, toErrorBody, type ErrorCode } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import type { StoredRun } from '../store/run-store'
import { cancelRest, RunExecutor, type RunExecutorOptions } from './run-executor'
import { ofAttempt, type RunModel } from './run-model'
import { RunTurn } from './run-turn'

export type RunQueueOptions = Omit<RunExecutorOptions, 'isClosing'>

/** What runs now: for the constellation and its satellites. */
export interface CurrentTrial {
  readonly parameters: ParameterValues
  readonly trialKey: string
  /** Rotations since the start of the trial. */
  readonly epoch: number
}

/** Failures of a resumed host that are no reason to stay paused: the trial has ended by them, and the run goes on. */
const endedAnyway: readonly ErrorCode[] = ['host_down', 'connection_lost', 'conflict']

/** Runs wait here for their turn; one has it at a time. */
export class RunQueue {
  readonly #options: RunQueueOptions
  readonly #executor: RunExecutor
  readonly #waiting: { run: RunModel; only: Set<string> | null }[] = []
  #turn: RunTurn | null = null
  /** Ends what is done between runs. */
  #alone: AbortController | null = null
  #working: Promise<void> | null = null
  #closing = false

  constructor(options: RunQueueOptions) {
    this.#options = options
    this.#executor = new RunExecutor({ ...options, isClosing: () => this.#closing })
  }

  get current(): CurrentTrial | null {
    const { trial, execution } = this.#turn ?? {}
    // What the constellation shows is the lab's.
    if (!trial || !execution || this.#turn?.run.stored.lab === 'simulated') return null
    const { parameters } = trial.planned
    return { parameters, trialKey: trial.attempt.trialKey, epoch: execution.epoch }
  }

  /** What has the lab: a run, also when it is paused, or a proof; null = nothing. */
  get active(): 'run' | 'proof' | null {
    if (this.#alone) return 'proof'
    return this.#turn ? 'run' : null
  }

  /**
   * Prove something with the lab while no run has its turn; those that are started meanwhile wait.
   * @param work gets a signal that is aborted when the program ends
   * @throws SkyError `conflict` while a run or a proof is active
   */
  async alone<T>(work: (ended: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#working) {
      const active = this.active ?? 'run'
      throw new SkyError('conflict', `A ${active} is active`, `Wait for its end, or cancel the ${active}.`)
    }
    const alone = new AbortController()
    this.#alone = alone
    const result = work(alone.signal).finally(() => {
      this.#alone = null
    })
    const over = result.then(
      () => undefined,
      () => undefined,
    )
    this.#begin(over.then(() => this.#work()))
    return result
  }

  async start(stored: Omit<StoredRun, 'state'>, trials: readonly PlannedTrial[]): Promise<void> {
    const run = await this.#options.book.add({ ...stored, state: { kind: 'queued' } }, trials)
    this.#enqueue(run, null)
  }

  /** @throws SkyError `conflict` when the run does not have its turn */
  async pause(runId: string): Promise<void> {
    const turn = this.#turnOf(runId, 'pause')
    if (!turn.isPaused) await this.#executor.pause(turn, null)
  }

  /** Go on with a paused or an interrupted run. @throws SkyError `conflict`, `storage_*` when storing is still not possible */
  async resume(runId: string): Promise<void> {
    const { book } = this.#options
    const run = book.get(runId)
    if (run.state.kind === 'interrupted') {
      await book.trials(run)
      await book.setState(run, { kind: 'queued' })
      this.#enqueue(run, null)
      return
    }
    const turn = this.#turnOf(runId, 'resume')
    if (!turn.isPaused) return
    turn.unpause()
    try {
      await turn.gate.retry()
      await turn.execution?.resume()
    } catch (thrown) {
      const reason = toErrorBody(thrown)
      if (!endedAnyway.includes(reason.code)) {
        await this.#executor.pause(turn, reason)
        throw thrown
      }
    }
    // The disk may have been found full again in the meantime.
    if (!turn.isPaused) await book.setState(run, { kind: 'running', trialId: turn.trialId })
  }

  /** End a run; what was recorded stays. */
  async cancel(runId: string): Promise<void> {
    const { book, store } = this.#options
    const run = book.get(runId)
    if (this.#turn?.run === run) {
      const turn = this.#turn
      turn.giveUp(`Run ${runId} was cancelled`)
      return turn.over
    }
    const index = this.#waiting.findIndex((each) => each.run === run)
    if (index === -1 && run.state.kind !== 'interrupted') {
      throw new SkyError('conflict', `Run ${runId} is ${run.state.kind}: there is nothing to cancel`)
    }
    if (index !== -1) this.#waiting.splice(index, 1)
    await cancelRest(store, await book.trials(run))
    await book.setState(run, { kind: 'cancelled', at: Date.now() })
  }

  /** Run one trial again, as a new attempt. */
  async repeat(runId: string, trialId: string): Promise<void> {
    const { book, store } = this.#options
    const run = book.get(runId)
    const trial = await book.trial(run, trialId)
    if (trial.state.kind === 'running' || trial.state.kind === 'waiting') {
      const message = `Trial ${trialId} of run ${runId} is ${trial.state.kind}`
      throw new SkyError('conflict', message, 'Let it end first.')
    }
    Object.assign(trial, ofAttempt(await store.runs.addAttempt(runId, trial.planned)), { summary: null })
    const queued = this.#waiting.find((each) => each.run === run)
    if (queued) {
      queued.only?.add(trialId)
    } else if (this.#turn?.run === run) {
      this.#turn.only?.add(trialId)
    } else {
      await book.setState(run, { kind: 'queued' })
      this.#enqueue(run, new Set([trialId]))
    }
    book.changed(run)
  }

  /** @throws SkyError `conflict` while the run is queued, running or paused */
  requireAtRest(run: RunModel): void {
    if (this.#turn?.run !== run && !this.#waiting.some((each) => each.run === run)) return
    throw new SkyError('conflict', `Run ${run.stored.runId} is ${run.state.kind}`, 'Cancel it first.')
  }

  /** For the end of the program: what runs or waits becomes interrupted, and can be resumed later. */
  async close(): Promise<void> {
    this.#closing = true
    this.#alone?.abort(new SkyError('cancelled', 'The program ends'))
    const waiting = this.#waiting.splice(0)
    this.#turn?.giveUp('The program ends')
    await this.#working
    for (const { run } of waiting) await this.#options.book.setState(run, { kind: 'interrupted' })
  }

  #turnOf(runId: string, what: string): RunTurn {
    const run = this.#options.book.get(runId)
    if (this.#turn?.run === run) return this.#turn
    throw new SkyError('conflict', `Run ${runId} is ${run.state.kind}: there is nothing to ${what}`)
  }

  #enqueue(run: RunModel, only: Set<string> | null): void {
    this.#waiting.push({ run, only })
    if (!this.#working) this.#begin(this.#work())
  }

  #begin(work: Promise<void>): void {
    this.#working = work.finally(() => {
      this.#working = null
    })
  }

  async #work(): Promise<void> {
    const { store, book, log } = this.#options
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { run, only } = next
      const turn = new RunTurn(
        run,
        only,
        () => store.reopen(),
        (blocked, reason) => void this.#executor.pause(blocked, reason),
      )
      this.#turn = turn
      try {
        await this.#executor.execute(turn)
      } catch (thrown) {
        // Nothing foreseen ends here, but a run must never stay as if it were running.
        log('error', `Run ${run.stored.runId} ended unexpectedly: ${toErrorBody(thrown).message}`)
        await book.setState(run, { kind: 'interrupted' })
      } finally {
        this.#turn = null
        turn.end()
      }
    }
  }
}
