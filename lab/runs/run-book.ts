import type { RunDetail, RunState, RunSummary } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { PlannedTrial } from '#shared/contract/console-api'
import type { RunTotals, StoredRun } from '../store/run-store'
import type { Store } from '../store/store'
import { Pace } from './progress'
import { runSummary, runTrial, trialModel, type RunModel, type TrialModel } from './run-model'

/** Progress is told this often at most, ms; a new state is told at once. */
const shortestGapMs = 250

const nothingDone: RunTotals = { trialsTotal: 0, trialsDone: 0, requestsDone: 0, requestsTotal: 0 }

export interface RunBookOptions {
  readonly store: Store
  readonly onChanged: (summary: RunSummary) => void
  readonly onDeleted: (runId: string) => void
  readonly warn: (text: string) => void
}

/** All runs that the lab knows of, as they are now, with the database behind them. */
export class RunBook {
  readonly #options: RunBookOptions
  readonly #runs = new Map<string, RunModel>()
  readonly #timers = new Map<string, NodeJS.Timeout>()

  private constructor(options: RunBookOptions) {
    this.#options = options
  }

  /** Runs that were not at rest when the program last ended are interrupted now. */
  static async load(options: RunBookOptions): Promise<RunBook> {
    const book = new RunBook(options)
    const totals = await options.store.runs.totals()
    for (const { state, ...stored } of await options.store.runs.runs()) {
      const resting = state.kind === 'finished' || state.kind === 'cancelled' || state.kind === 'interrupted'
      const run: RunModel = {
        stored,
        state: resting ? state : { kind: 'interrupted' },
        trials: null,
        totals: totals.get(stored.runId) ?? nothingDone,
        pace: new Pace(0),
      }
      book.#runs.set(stored.runId, run)
      if (!resting) await book.save(run)
    }
    await options.store.runs.interruptAttempts().catch((thrown: unknown) => {
      // In memory they count as interrupted all the same; the next start tries again.
      options.warn(`Trials that were cut short could not be marked: ${reasonOf(thrown)}`)
    })
    return book
  }

  list(): RunSummary[] {
    const now = performance.now()
    return [...this.#runs.values()]
      .map((run) => runSummary(run, now))
      .sort((a, b) => b.createdAt - a.createdAt || b.runId.localeCompare(a.runId))
  }

  /** @throws SkyError `not_found` */
  get(runId: string): RunModel {
    const run = this.#runs.get(runId)
    if (!run)
      throw new SkyError('not_found', `There is no run ${runId}`, 'See the list of runs for their ids.')
    return run
  }

  has(runId: string): boolean {
    return this.#runs.has(runId)
  }

  async trials(run: RunModel): Promise<TrialModel[]> {
    if (run.trials) return run.trials
    const loaded = (await this.#options.store.runs.trials(run.stored.runId)).map(trialModel)
    // Another caller may have been faster; there must be one list only.
    run.trials ??= loaded
    return run.trials
  }

  async trial(run: RunModel, trialId: string): Promise<TrialModel> {
    const trial = (await this.trials(run)).find((each) => each.planned.trialId === trialId)
    if (!trial) throw new SkyError('not_found', `Run ${run.stored.runId} has no trial ${trialId}`)
    return trial
  }

  async detail(runId: string): Promise<RunDetail> {
    const run = this.get(runId)
    const trials = await this.trials(run)
    return { ...runSummary(run, performance.now()), yaml: run.stored.yaml, trials: trials.map(runTrial) }
  }

  async add(stored: StoredRun, trials: readonly PlannedTrial[]): Promise<RunModel> {
    await this.#options.store.runs.create(stored, trials)
    const { state, ...rest } = stored
    const run: RunModel = { stored: rest, state, trials: null, totals: nothingDone, pace: new Pace(0) }
    this.#runs.set(stored.runId, run)
    await this.trials(run)
    this.changed(run)
    return run
  }

  /** Set the state, tell it, and store it as far as storing is possible now. */
  async setState(run: RunModel, state: RunState): Promise<void> {
    run.state = state
    if (state.kind === 'running') run.pace.run(performance.now())
    else run.pace.stop(performance.now())
    this.changed(run)
    await this.save(run)
  }

  /** A run in memory is ahead of the database only while storing fails; then it will be interrupted after a restart. */
  async save(run: RunModel): Promise<void> {
    try {
      await this.#options.store.runs.setRunState(run.stored.runId, run.state)
    } catch (thrown) {
      this.#options.warn(`The state of run ${run.stored.runId} could not be stored: ${reasonOf(thrown)}`)
    }
  }

  async remove(run: RunModel): Promise<void> {
    const { runId } = run.stored
    await this.#options.store.runs.delete(runId)
    clearTimeout(this.#timers.get(runId))
    this.#timers.delete(runId)
    this.#runs.delete(runId)
    this.#options.onDeleted(runId)
  }

  changed(run: RunModel): void {
    clearTimeout(this.#timers.get(run.stored.runId))
    this.#timers.delete(run.stored.runId)
    this.#options.onChanged(runSummary(run, performance.now()))
  }

  /** As `changed`, but not more often than a reader can follow. */
  progressed(run: RunModel): void {
    if (this.#timers.has(run.stored.runId)) return
    this.#timers.set(
      run.stored.runId,
      setTimeout(() => this.changed(run), shortestGapMs),
    )
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
