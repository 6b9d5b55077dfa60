import type { LiveBatch, MachineReading, RunEvent, TrialState } from '#shared/contract/console-api'
import { toErrorBody, type ErrorBody, type ErrorCode } from '#shared/contract/errors'
import { summariseTrial } from '#shared/experiment/metrics'
import type { DocumentLoader } from '../experiments/document-loader'
import type { LabHosts, WantedLab } from '../hosts/lab-hosts'
import type { LabService } from '../hosts/lab-service'
import type { Attempt } from '../store/run-store'
import type { Store } from '../store/store'
import { drainJournal } from './drain-journal'
import { LiveBatcher } from './live-batch'
import { Pace } from './progress'
import type { RunBook } from './run-book'
import { ofAttempt, restState, totalsOf, type TrialModel } from './run-model'
import type { RunTurn } from './run-turn'
import { TrialExecution, type TrialOutcome } from './trial-execution'

export interface RunExecutorOptions {
  readonly store: Store
  readonly book: RunBook
  /** Who starts the lab of this name. */
  readonly labFor: (name: string) => LabService
  readonly documents: DocumentLoader
  readonly onLive: (batch: LiveBatch) => void
  readonly onEvent: (runId: string, event: RunEvent) => void
  readonly onReadings: (runId: string, trialId: string, readings: readonly MachineReading[]) => void
  /** The journal of an attempt that never finished is not needed any more. */
  readonly onDrained: (trialKey: string) => Promise<void>
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void
  /** True once the program ends: what is cut short then is interrupted, not cancelled. */
  readonly isClosing: () => boolean
}

/** Errors of a call to a host that went away. */
const hostLost: readonly ErrorCode[] = ['host_down', 'connection_lost']
/** Times that a trial is prepared while hosts go away; beyond, something is wrong with the machine. */
const mostTries = 3

/** Takes a run through its trials, one after another. */
export class RunExecutor {
  readonly #options: RunExecutorOptions
  /** Trials with an attempt whose journal may hold records that are not stored, by attempt id. */
  readonly #undrained = new Map<number, TrialModel>()

  constructor(options: RunExecutorOptions) {
    this.#options = options
  }

  async execute(turn: RunTurn): Promise<void> {
    const { book, store, log, isClosing } = this.#options
    const { run } = turn
    const trials = await book.trials(run)
    run.pace = new Pace(totalsOf(run).requestsDone)
    await book.setState(run, { kind: 'running', trialId: null })
    for (;;) {
      await turn.whenGoing()
      if (turn.signal.aborted) break
      const trial = trials.find((each) => isNext(each, turn.only))
      if (!trial) break
      turn.trial = trial
      await this.#runTrial(turn, trial)
      turn.trial = null
    }
    await this.#fetchLost(turn).catch((thrown: unknown) =>
      log('warn', `Records of lost hosts could not be fetched: ${toErrorBody(thrown).message}`),
    )
    if (turn.signal.aborted && !isClosing()) await cancelRest(store, trials)
    await book.setState(run, restState(trials, Date.now()))
  }

  async pause(turn: RunTurn, reason: ErrorBody | null): Promise<void> {
    const { book, log } = this.#options
    if (turn.signal.aborted) return
    turn.pause()
    if (reason) {
      log(
        'error',
        `Run ${turn.run.stored.runId} is paused: ${reason.message}${reason.hint && `. ${reason.hint}`}`,
      )
    }
    try {
      await turn.execution?.pause()
    } catch (thrown) {
      // A lost host does nothing any more; the trial ends by that.
      log('warn', `The trial could not be paused: ${toErrorBody(thrown).message}`)
    }
    await book.setState(turn.run, { kind: 'paused', trialId: turn.trialId, reason })
  }

  /** One trial to its end. A fault of the lab or of the documents pauses the run and leaves the trial waiting. */
  async #runTrial(turn: RunTurn, trial: TrialModel): Promise<void> {
    const { isClosing } = this.#options
    for (let tries = 1; ; tries++) {
      try {
        return await this.#tryTrial(turn, trial)
      } catch (thrown) {
        const begun = trial.state.kind === 'running'
        if (turn.signal.aborted) {
          if (begun) trial.state = { kind: isClosing() ? 'interrupted' : 'cancelled' }
          return
        }
        const error = toErrorBody(thrown)
        // A host that was lost before the trial began is started again: nothing has been measured yet.
        if (!begun && hostLost.includes(error.code) && tries < mostTries) continue
        if (begun) trial.state = { kind: 'interrupted' }
        turn.execution = null
        return await this.pause(turn, error)
      } finally {
        turn.execution = null
      }
    }
  }

  async #tryTrial(turn: RunTurn, trial: TrialModel): Promise<void> {
    const lab = this.#options.labFor(turn.run.stored.lab)
    const hosts = await lab.ensure(wantedFor(turn.run.stored.lab, lab.hosts, trial))
    const returned = await bringBack(hosts)
    const goesOn = await this.#thatGoesOn(hosts, trial)
    if (goesOn) return this.#attempt(turn, trial, hosts, returned, goesOn)
    if (trial.state.kind === 'interrupted') {
      this.#undrained.set(trial.attempt.attemptId, trial)
      await this.#fetchLost(turn)
      if (trial.state.kind !== 'interrupted') return
      await this.#newAttempt(turn, trial)
    }
    await this.#fetchLost(turn)
    if (turn.signal.aborted) return
    await this.#attempt(turn, trial, hosts, returned, null)
  }

  async #attempt(
    turn: RunTurn,
    trial: TrialModel,
    hosts: LabHosts,
    returned: readonly string[],
    goesOn: Attempt | null,
  ): Promise<void> {
    const { book, documents, store, onLive, onEvent, onReadings, log } = this.#options
    const { runId } = turn.run.stored
    const { trialId, parameters } = trial.planned
    const live = new LiveBatcher(turn.run.stored, trial.planned, onLive)
    const execution = new TrialExecution({
      lab: hosts,
      store,
      gate: turn.gate,
      trial,
      goesOn,
      signal: turn.signal,
      isLeft: () => this.#options.isClosing() && hosts.outlivesConsole,
      returned,
      isPaused: () => turn.isPaused,
      loadDocuments: () => documents.load(hosts.inference(), parameters),
      onRequests: (records) => {
        live.add(records)
        book.progressed(turn.run)
      },
      onEvent: ({ at, name, message }) => onEvent(runId, { trialId, at, name, message }),
      onReadings: (readings) => onReadings(runId, trialId, readings),
      onProblem: (problem) => void this.pause(turn, problem),
      log,
    })
    turn.execution = execution
    if (!turn.isPaused) await book.setState(turn.run, { kind: 'running', trialId })
    try {
      await this.#ended(turn, trial, await execution.run())
    } finally {
      live.flush()
    }
  }

  /** The attempt that the inference host still runs, though the console that started it has ended. */
  async #thatGoesOn(hosts: LabHosts, { state, attempt }: TrialModel): Promise<Attempt | null> {
    if (state.kind !== 'interrupted' || !hosts.outlivesConsole) return null
    const status = await hosts.inference().call('trialStatus', {})
    if ((status.kind !== 'running' && status.kind !== 'paused') || status.trialKey !== attempt.trialKey)
      return null
    return this.#options.store.runs.attempt(attempt.attemptId)
  }

  async #ended(turn: RunTurn, trial: TrialModel, outcome: TrialOutcome): Promise<void> {
    const { book, store, log, isClosing } = this.#options
    const { runId } = turn.run.stored
    if (outcome.kind === 'failed') {
      log('error', `Trial ${trial.planned.trialId} of run ${runId} failed: ${outcome.error.message}`)
      this.#undrained.set(trial.attempt.attemptId, trial)
    }
    const state = stateAfter(outcome, isClosing())
    // Stored first: what is told of a trial must still be true after a crash.
    if (outcome.kind !== 'completed') {
      const { attemptId } = trial.attempt
      await turn.gate
        .run(() => store.runs.changeAttempt(attemptId, { state }))
        .catch((thrown: unknown) => {
          if (!turn.signal.aborted) throw thrown
        })
    }
    if (outcome.kind === 'completed') trial.summary = outcome.summary
    trial.state = state
    book.changed(turn.run)
  }

  async #newAttempt(turn: RunTurn, trial: TrialModel): Promise<void> {
    const { runs } = this.#options.store
    const { runId } = turn.run.stored
    Object.assign(trial, ofAttempt(await turn.gate.run(() => runs.addAttempt(runId, trial.planned))))
  }

  /** Store what the journals of lost attempts still hold; a trial that turns out to be complete is. */
  async #fetchLost(turn: RunTurn): Promise<void> {
    const { labFor, store, book } = this.#options
    const { hosts } = labFor(turn.run.stored.lab)
    if (this.#undrained.size === 0 || hosts?.name !== turn.run.stored.lab || turn.signal.aborted) return
    await bringBack(hosts)
    for (const [attemptId, trial] of this.#undrained) {
      const attempt = await store.runs.attempt(attemptId)
      if (attempt) {
        const { records } = store
        const entries = await drainJournal({
          inference: hosts.inference(),
          attempt,
          records,
          gate: turn.gate,
        })
        if (trial.attempt.attemptId === attemptId) {
          trial.requestsDone += entries.filter((entry) => entry.record.kind === 'request').length
          await this.#completeIfFinished(turn, trial)
          book.progressed(turn.run)
        }
        await this.#options.onDrained(attempt.trialKey)
      }
      this.#undrained.delete(attemptId)
    }
  }

  /** The trial may have ended well after this program had: then nothing but the last satellite counters is missing. */
  async #completeIfFinished(turn: RunTurn, trial: TrialModel): Promise<void> {
    const { store } = this.#options
    const { attemptId } = trial.attempt
    const attempt = await store.runs.attempt(attemptId)
    const finished = attempt?.finished
    if (trial.state.kind !== 'interrupted' || finished?.outcome !== 'completed') return
    const satellites = await store.records.satellites(attemptId)
    const summary = summariseTrial(await store.records.ofAttempt(attemptId), satellites, finished)
    const state: TrialState = {
      kind: 'completed',
      startedAt: attempt?.startedAt ?? finished.at - finished.durationS * 1000,
      durationS: finished.durationS,
    }
    await turn.gate.run(() => store.runs.changeAttempt(attemptId, { state, summary }))
    trial.state = state
    trial.summary = summary
  }
}

/** Without a cache any constellation will do: then the lab stays as it is. */
function wantedFor(name: string, current: LabHosts | null, { planned }: TrialModel): WantedLab {
  const { cache, slots, planes } = planned.parameters
  const kept = cache === 'off' && current?.name === name ? current.shape : null
  return { name, ...(kept ?? { slots, planes }) }
}

function isNext(trial: TrialModel, only: ReadonlySet<string> | null): boolean {
  if (trial.state.kind !== 'waiting' && trial.state.kind !== 'interrupted') return false
  return only === null || only.has(trial.planned.trialId)
}

/** Start hosts again that have ended. @returns their names */
async function bringBack(hosts: LabHosts): Promise<string[]> {
  const down = hosts.hosts().filter((host) => host.state.kind !== 'healthy')
  const names = down.map((host) => host.hostId)
  await hosts.restart(names)
  return names
}

function stateAfter(outcome: TrialOutcome, closing: boolean): TrialState {
  switch (outcome.kind) {
    case 'completed':
      return outcome.state
    case 'failed':
      return { kind: 'failed', error: outcome.error }
    case 'cancelled':
      return { kind: closing ? 'interrupted' : 'cancelled' }
  }
}

/** Everything that has not ended yet never will. */
export async function cancelRest(store: Store, trials: readonly TrialModel[]): Promise<void> {
  const rest = trials.filter(({ state }) =>
    ['waiting', 'interrupted', 'running', 'cancelled'].includes(state.kind),
  )
  for (const trial of rest) trial.state = { kind: 'cancelled' }
  await store.runs.setAttemptStates(
    rest.map((trial) => trial.attempt.attemptId),
    { kind: 'cancelled' },
  )
}
