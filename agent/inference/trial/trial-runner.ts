import type { TrialSpec } from '#shared/contract/agent-control'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { EventRecord, JournalEntry } from '#shared/experiment/records'
import { requestIdOf } from '#shared/workload/plan'
import { answerRequest } from '../answer-request'
import type { OpenModel } from '../open-model'
import type { Journal } from './journal'
import { RecordLog } from './record-log'
import { Rotations } from './rotations'
import { TrialClock } from './trial-clock'
import type { PromptSession } from '#shared/workload/prompt-session'

export interface TrialProgress {
  readonly kind: 'running' | 'paused' | 'finished'
  readonly requestsDone: number
  readonly requestsTotal: number
  readonly epoch: number
  readonly elapsedS: number
  /** Why it paused by itself, or null. */
  readonly problem: ErrorBody | null
}

/** Runs one trial to its end without anybody's help: sessions side by side, rotations on time, every record journaled. */
export class TrialRunner {
  readonly spec: TrialSpec
  readonly journal: Journal
  readonly #model: OpenModel
  readonly #sessions: readonly PromptSession[]
  readonly #log: RecordLog
  readonly #clock = new TrialClock()
  readonly #abort = new AbortController()
  /** Ends what has no end of its own once the last request is done. */
  readonly #over = new AbortController()
  readonly #rotations: Rotations | null
  #requestsDone = 0
  #finished = false
  #problem: ErrorBody | null = null

  constructor(
    spec: TrialSpec,
    model: OpenModel,
    sessions: readonly PromptSession[],
    journal: Journal,
    onEntry: (entry: JournalEntry) => void,
  ) {
    this.spec = spec
    this.journal = journal
    this.#model = model
    this.#sessions = sessions
    this.#log = new RecordLog(journal, onEntry, (problem) => {
      this.#problem = toErrorBody(problem)
      this.#clock.pause()
    })
    this.#rotations =
      model.kvc === null
        ? null
        : new Rotations({
            kvc: model.kvc,
            clock: this.#clock,
            periodMs: spec.parameters.rotation_period_s * 1000,
            everyRequests: spec.parameters.rotation_requests,
            note: (name, message) => this.event(name, message),
          })
  }

  get requestsTotal(): number {
    return this.#sessions.reduce((sum, session) => sum + session.turns, 0)
  }

  progress(): TrialProgress {
    return {
      kind: this.#finished ? 'finished' : this.#clock.paused ? 'paused' : 'running',
      requestsDone: this.#requestsDone,
      requestsTotal: this.requestsTotal,
      epoch: this.#model.kvc?.epoch ?? 0,
      elapsedS: this.#clock.elapsedMs() / 1000,
      problem: this.#problem,
    }
  }

  /** Resolves after the last record is in the journal. */
  async run(): Promise<void> {
    this.#clock.start()
    this.event('trial_started', `${this.requestsTotal} requests`)
    const signal = AbortSignal.any([this.#abort.signal, this.#over.signal])
    const rotations = Promise.resolve(this.#rotations?.run(signal)).then(
      () => null,
      (thrown: unknown) => toErrorBody(thrown),
    )
    const queue = this.#sessions.entries()
    const workers = Array.from({ length: this.spec.parameters.concurrency }, async () => {
      for (const [sessionId, session] of queue) await this.#converse(sessionId, session)
    })
    const workFailure = await Promise.all(workers).then(
      () => null,
      (thrown: unknown) => toErrorBody(thrown),
    )
    this.#over.abort(new Error('the trial is over'))
    const failure = workFailure ?? (await rotations)
    const outcome = this.#abort.signal.aborted ? 'cancelled' : failure === null ? 'completed' : 'failed'
    const durationS = this.#clock.elapsedMs() / 1000
    this.#log.append({ kind: 'finished', at: Date.now(), durationS, outcome, error: failure })
    while (!this.#log.flush()) await this.#clock.running()
    this.#clock.pause()
    this.#finished = true
  }

  pause(): void {
    if (this.#clock.paused || this.#finished) return
    this.event('paused', 'paused by the console')
    this.#clock.pause()
  }

  resume(): void {
    if (!this.#clock.paused || this.#finished || !this.#log.flush()) return
    this.#problem = null
    this.#clock.resume()
    this.event('resumed', 'resumed by the console')
  }

  abort(): void {
    this.#abort.abort(new Error('the trial was cancelled'))
    this.#clock.resume()
  }

  /** Something happened that belongs on the timeline. */
  event(name: EventRecord['name'], message: string): void {
    if (this.#finished) return
    this.#log.append({ kind: 'event', at: Date.now(), name, message, epoch: this.#model.kvc?.epoch ?? 0 })
  }

  async #converse(sessionId: number, session: PromptSession): Promise<void> {
    for (let turn = 0; turn < session.turns; turn++) {
      await this.#clock.running()
      await this.#rotations?.beforeRequest()
      if (this.#abort.signal.aborted) return
      const answer: number[] = []
      const measurement = await answerRequest(this.#model, {
        prompt: session.prompt(turn),
        maxTokens: this.spec.parameters.output_tokens,
        signal: this.#abort.signal,
        onToken: ({ id }) => {
          answer.push(id)
          return undefined
        },
        onStep: (step) => {
          if (step.kind === 'notStored' && !this.#abort.signal.aborted)
            this.event('blocks_not_stored', step.error.message)
        },
      })
      session.answered(turn, answer)
      const requestId = requestIdOf(sessionId, turn, this.spec.parameters.turns)
      this.#requestsDone += 1
      this.#rotations?.requestAnswered()
      this.#log.append({ kind: 'request', requestId, sessionId, turn, ...measurement })
    }
  }
}
