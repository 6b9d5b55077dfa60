import { setTimeout as sleep } from 'node:timers/promises'
import type { MachineReading, TrialState, TrialSummary } from '#shared/contract/console-api'
import { fromErrorBody, SkyError, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { summariseTrial } from '#shared/experiment/metrics'
import type { EventRecord, FinishedRecord, JournalEntry, RequestRecord } from '#shared/experiment/records'
import { endedHow } from '../hosts/ended-how'
import type { LabHosts } from '../hosts/lab-hosts'
import { isStorageError } from '../store/storage-errors'
import type { Attempt } from '../store/run-store'
import type { Store } from '../store/store'
import { abortLimitMs, hasCache, prepareSatellites, prepareTrial, satelliteHosts } from './prepare-trial'
import { Recorder } from './recorder'
import type { TrialModel } from './run-model'
import type { StorageGate } from './storage-gate'
import { hostsAtEnd, lastCounters } from './trial-end'
import { TrialSampler } from './trial-sampler'
import { TrialSamples } from './trial-samples'
import { watchForLoss, whenAborted, type LostHost } from './trial-watch'

export type TrialOutcome =
  /** Completed, and stored as such. */
  | { readonly kind: 'completed'; readonly state: TrialState; readonly summary: TrialSummary }
  | { readonly kind: 'failed'; readonly error: ErrorBody }
  | { readonly kind: 'cancelled' }

export interface TrialExecutionOptions {
  readonly lab: LabHosts
  readonly store: Store
  readonly gate: StorageGate
  readonly trial: TrialModel
  /** The attempt as it is stored, when it still runs at the hosts since an earlier console: it is followed, not started. */
  readonly goesOn: Attempt | null
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal
  /** True when the trial is to run on at the hosts although nobody follows it any more. */
  readonly isLeft: () => boolean
  /** Hosts that were started again for this trial: noted on its timeline. */
  readonly returned: readonly string[]
  /** True when the run was paused while the trial was being prepared. */
  readonly isPaused: () => boolean
  /** Make the inference host hold the documents that the trial wants. */
  readonly loadDocuments: () => Promise<void>
  readonly onRequests: (records: readonly RequestRecord[]) => void
  readonly onEvent: (event: EventRecord) => void
  /** Readings of machines after they are stored. */
  readonly onReadings: (readings: readonly MachineReading[]) => void
  /** The trial paused by itself at the inference host. */
  readonly onProblem: (problem: ErrorBody) => void
  readonly log: (level: 'warn', text: string) => void
}

/** A wait that does not keep the program running. */
const unawaited = { ref: false }
/** Time in which the end of a process is known after its connection broke, ms. */
const lossIsKnownMs = 1_000

/** Runs one attempt at a trial on the hosts of a lab, and stores what it yields. */
export class TrialExecution {
  readonly #options: TrialExecutionOptions
  #epoch = 0
  #startedAt = 0
  #samples: TrialSamples
  #problemTold = false

  constructor(options: TrialExecutionOptions) {
    this.#options = options
    this.#samples = new TrialSamples(options.lab, Infinity)
  }

  /** Rotations since the start of the trial, as last heard. */
  get epoch(): number {
    return this.#epoch
  }

  /**
   * @throws SkyError when the hosts could not be prepared (`lab_start_failed`, `documents_unreadable`, `host_down`,
   * `storage_*` at the inference host), or when the run was given up while storing was not possible (`cancelled`)
   */
  async run(): Promise<TrialOutcome> {
    const { lab, store, gate, trial, goesOn, signal } = this.#options
    const { attemptId, trialKey } = trial.attempt
    if (!goesOn) await this.#prepare()

    const lost = watchForLoss(lab, (change) => this.#hostLost(change))
    const aborted = whenAborted(signal)
    let sampler: TrialSampler | null = null
    let recorder: Recorder | null = null
    const stopListening = lab.onChange((change) => {
      if (change.kind === 'returned') this.#hostReturned(change.host)
      if (change.kind === 'reconnected' && change.host.role === 'inference') recorder?.reconnected()
    })
    try {
      const inference = lab.inference()
      if (goesOn) await this.#rejoin(goesOn)
      else await this.#start()
      recorder = new Recorder({
        inference,
        trialKey,
        attemptId,
        lastSeq: goesOn?.lastSeq ?? 0,
        records: store.records,
        gate,
        onStored: (entries) => this.#stored(entries),
      })
      await recorder.subscribe()
      if (this.#options.isPaused()) await this.pause()
      sampler = this.#sampler()
      sampler.start()
      const end = await Promise.race([recorder.finished, lost.inference, aborted.promise])
      if (end === 'lost') return failed(lost.reason())
      if (end === 'aborted') return await this.#cancelled(recorder)
      return await this.#finished(end, sampler)
    } catch (thrown) {
      if (!(thrown instanceof SkyError) || thrown.code === 'cancelled' || isStorageError(thrown)) throw thrown
      // A call that failed because its host went away: the loss is the cause, and it is known within moments.
      if (thrown.code === 'connection_lost')
        await Promise.race([lost.inference, sleep(lossIsKnownMs, undefined, unawaited)])
      return failed(lost.reason() ?? toErrorBody(thrown))
    } finally {
      lost.stop()
      aborted.stop()
      stopListening()
      await recorder?.stop()
      await sampler?.stop()
    }
  }

  async pause(): Promise<void> {
    await this.#options.lab.inference().call('pauseTrial', {})
  }

  /** @throws SkyError the reason why the inference host had to pause again, such as `storage_full` */
  async resume(): Promise<void> {
    const inference = this.#options.lab.inference()
    await inference.call('resumeTrial', {})
    const status = await inference.call('trialStatus', {})
    if (status.kind !== 'idle' && status.problem) throw fromErrorBody(status.problem)
    this.#problemTold = false
  }

  /** Empty every satellite, and let the inference host have the documents. */
  async #prepare(): Promise<void> {
    const { lab, trial, returned, loadDocuments } = this.#options
    for (const hostId of returned) await this.#note('host_returned', `${hostId} was started again`)
    await prepareTrial(lab, trial, loadDocuments)
  }

  /** In mid-trial a host joins in with empty satellites: what it held are misses. */
  #hostReturned({ hostId, role }: LostHost): void {
    if (role !== 'satellite') return
    const { lab, trial, log } = this.#options
    prepareSatellites(lab, trial, hostId).catch((thrown: unknown) =>
      log('warn', `${hostId} is back, but could not join the trial: ${toErrorBody(thrown).message}`),
    )
  }

  async #start(): Promise<void> {
    const { lab, store, gate, trial, onRequests } = this.#options
    const { trialKey } = trial.attempt
    const { seed, parameters } = trial.planned
    const { requestsTotal } = await lab.inference().call('startTrial', { trialKey, seed, parameters })
    const startedAt = Date.now()
    this.#startedAt = startedAt
    this.#samples = new TrialSamples(lab, startedAt)
    trial.requestsTotal = requestsTotal
    trial.state = { kind: 'running', startedAt, requestsDone: 0, requestsTotal }
    onRequests([])
    const { state } = trial
    await gate.run(() =>
      store.runs.changeAttempt(trial.attempt.attemptId, { startedAt, state, requestsTotal }),
    )
  }

  /** Follow a trial that has run on without this console. */
  async #rejoin({ startedAt }: Attempt): Promise<void> {
    const { lab, store, gate, trial, returned, isPaused } = this.#options
    const { requestsDone, requestsTotal } = trial
    this.#startedAt = startedAt ?? Date.now()
    this.#samples = new TrialSamples(lab, this.#startedAt)
    const state: TrialState = { kind: 'running', startedAt: this.#startedAt, requestsDone, requestsTotal }
    trial.state = state
    await gate.run(() => store.runs.changeAttempt(trial.attempt.attemptId, { state }))
    const satellites = satelliteHosts(lab).filter(({ hostId }) => returned.includes(hostId))
    await Promise.all(satellites.map(({ hostId }) => prepareSatellites(lab, trial, hostId)))
    // It was paused when the earlier console ended.
    if (!isPaused()) await lab.inference().call('resumeTrial', {})
  }

  #stored(entries: readonly JournalEntry[]): void {
    const { trial, onRequests, onEvent } = this.#options
    const requests: RequestRecord[] = []
    for (const { record } of entries) {
      if (record.kind === 'request') requests.push(record)
      if (record.kind === 'event') {
        this.#epoch = record.epoch
        onEvent(record)
      }
    }
    trial.requestsDone += requests.length
    if (trial.state.kind === 'running') {
      trial.state = { ...trial.state, requestsDone: trial.requestsDone }
    }
    onRequests(requests)
  }

  #hostLost(host: LostHost): void {
    void this.#note('host_lost', `${host.hostId} ${endedHow(host)}`).catch(() => undefined)
  }

  /** Put something that the engine saw itself on the timeline. */
  async #note(name: EventRecord['name'], message: string): Promise<void> {
    const { gate, store, trial, onEvent } = this.#options
    const at = this.#samples.trialTime(Date.now())
    const event: EventRecord = { kind: 'event', at, name, message, epoch: this.#epoch }
    await gate.run(() => store.records.addEvent(trial.attempt.attemptId, event))
    onEvent(event)
  }

  #sampler(): TrialSampler {
    const { lab, store, gate, trial, onReadings, onProblem } = this.#options
    return new TrialSampler({
      lab,
      store,
      gate,
      trial,
      samples: this.#samples,
      onReadings,
      onStatus: ({ epoch, problem }) => {
        this.#epoch = epoch
        if (!problem || this.#problemTold) return
        this.#problemTold = true
        onProblem(problem)
      },
    })
  }

  async #finished(record: FinishedRecord, sampler: TrialSampler): Promise<TrialOutcome> {
    if (record.outcome === 'cancelled') return { kind: 'cancelled' }
    if (record.outcome === 'failed') {
      const { code, message } = record.error ?? {
        code: 'trial_failed' as const,
        message: 'no reason was given',
      }
      return failed(
        toErrorBody(new SkyError(code, message, 'Repeat the trial alone once the cause is gone.')),
      )
    }
    const summary = await this.#closing(record, sampler)
    return { kind: 'completed', state: this.#completed(record), summary }
  }

  /** The last counters of every satellite, the hosts as they were, and the metrics of the whole trial. */
  async #closing(record: FinishedRecord, sampler: TrialSampler): Promise<TrialSummary> {
    const { lab, gate, store, trial } = this.#options
    const { attemptId } = trial.attempt
    await lab.poll()
    // The state at the end, and the only sample of a trial that is over within a second.
    await sampler.store()
    const satellites = hasCache(trial) ? lastCounters(lab, this.#startedAt) : []
    const hosts = hostsAtEnd(lab, this.#startedAt)
    return gate.run(async () => {
      await store.records.putSatellites(attemptId, satellites)
      const summary = summariseTrial(await store.records.ofAttempt(attemptId), satellites, record)
      const state = this.#completed(record)
      // All at once: a trial is complete with everything that belongs to it, or it is not.
      await store.runs.changeAttempt(attemptId, { hosts, summary, state })
      return summary
    })
  }

  #completed({ durationS }: FinishedRecord): TrialState {
    return { kind: 'completed', startedAt: this.#startedAt, durationS }
  }

  async #cancelled(recorder: Recorder): Promise<TrialOutcome> {
    const { lab, gate, isLeft } = this.#options
    if (isLeft()) return { kind: 'cancelled' }
    try {
      await lab.inference().call('abortTrial', {})
      // While storing is not possible the last record cannot arrive.
      if (!gate.reason) await Promise.race([recorder.finished, sleep(abortLimitMs, undefined, unawaited)])
    } catch {
      // A host that is gone has nothing left to abort.
    }
    return { kind: 'cancelled' }
  }
}

function failed(error: ErrorBody | null): TrialOutcome {
  return {
    kind: 'failed',
    error: error ?? toErrorBody(new SkyError('trial_failed', 'The inference host was lost')),
  }
}
