import { SkyError, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { emptyMeasurement, type Measurement } from '#shared/experiment/measurement'
import { fullBlocks } from '#shared/kvc/prefix'
import { answerRequest, type AnswerStep, type CachedModel } from './answer-request'
import { StopFilter } from './stop-filter'
import type { Engine, Sampling } from './engine/engine'
import { Places } from './places'

export interface GenerationRequest {
  readonly prompt: readonly number[]
  readonly maxTokens: number
  readonly stop: readonly string[]
  readonly sampling: Sampling
  /** False: the prompt is computed, as if nothing were cached, and nothing is stored. */
  readonly useCache: boolean
  readonly signal: AbortSignal
  /** Asked after every token: true = the answer is long enough. */
  readonly isEnough?: () => boolean
}

export type GenerationEvent =
  /** It has left the queue. */
  | { readonly kind: 'begun'; readonly queueMs: number }
  | Extract<AnswerStep, { kind: 'fetched' | 'prefilled' }>
  | { readonly kind: 'text'; readonly text: string }
  /** The answer is out; who stops reading here does not end the storing of its blocks. */
  | { readonly kind: 'end'; readonly reason: 'stop' | 'length'; readonly measurement: Measurement }
  /** Behind `end`: nothing is to be stored any more. */
  | { readonly kind: 'stored'; readonly measurement: Measurement }
  | { readonly kind: 'failed'; readonly error: ErrorBody; readonly measurement: Measurement }

/** What is known of a request beside its measurement. */
export interface RequestDetails {
  /** Wait for a place, and for the model. */
  readonly queueMs: number
  /** Null = it was not answered to its end. */
  readonly finish: 'stop' | 'length' | null
}

/** Who is told of every request, for the metrics. */
export interface RequestObserver {
  /** @param ms since the request was accepted, or since the token before */
  onToken(ms: number, isFirst: boolean): void
  /** It is answered, or has failed. */
  onEnd(measurement: Measurement, details: RequestDetails): void
  /** An answered one's blocks are stored, or could not be. */
  onStored(measurement: Measurement, failed: boolean): void
}

export interface ModelLoad {
  readonly running: number
  readonly waiting: number
  readonly storing: number
  /** Another request would be refused. */
  readonly isFull: boolean
}

/** One in the model, and one whose blocks are fetched or stored meanwhile: the blocks of more would only take memory. */
const placesOfModel = 2
/** Bound of the queue; nobody waits that long. */
const mostWaiting = 256

/** A model that answers whoever asks: clients of the API, and the console. Requests beyond its places wait. */
export class ServedModel {
  readonly #model: CachedModel
  readonly #observer: RequestObserver | null
  readonly #places = new Places({ places: placesOfModel, mostWaiting })
  readonly #closed = new AbortController()
  /** Requests that are answered, and keep their place until their blocks are stored. */
  #storing = 0

  constructor(model: CachedModel, observer: RequestObserver | null = null) {
    this.#model = model
    this.#observer = observer
  }

  get engine(): Engine {
    return this.#model.engine
  }

  /** Requests that are being answered, those that wait for a place or for the model, and those that are answered and store their blocks. */
  get load(): ModelLoad {
    const { running, waiting, isFull } = this.#places
    const forModel = this.#model.engine.waiting
    const storing = this.#storing
    return { running: running - forModel - storing, waiting: waiting + forModel, storing, isFull }
  }

  /** Every request ends, and so does every later one. */
  close(): void {
    const message = 'The model is no longer served'
    this.#closed.abort(new SkyError('conflict', message, 'Serve it again.'))
  }

  /** One answer as a stream of events; the last is `stored` or `failed`. Stopping to read it before its `end` aborts the request. */
  async *generate(request: GenerationRequest): AsyncGenerator<GenerationEvent> {
    const reader = new AbortController()
    const signal = AbortSignal.any([request.signal, reader.signal, this.#closed.signal])
    const events: GenerationEvent[] = []
    let wake = (): void => undefined
    void this.#answer({ ...request, signal }, (event) => {
      events.push(event)
      wake()
    })
    try {
      for (;;) {
        const event = events.shift()
        if (event === undefined) {
          await new Promise<void>((resolve) => (wake = resolve))
          continue
        }
        yield event
        if (event.kind === 'stored' || event.kind === 'failed') return
      }
    } finally {
      reader.abort(new Error('nobody reads the answer any more'))
    }
  }

  async #answer(request: GenerationRequest, emit: (event: GenerationEvent) => void): Promise<void> {
    const acceptedAt = performance.now()
    let endTurn: () => void
    try {
      endTurn = await this.#places.take(request.signal)
    } catch (thrown) {
      return this.#refuse(request, acceptedAt, toErrorBody(thrown), emit)
    }
    const queueMs = performance.now() - acceptedAt
    emit({ kind: 'begun', queueMs })
    try {
      await this.#compute(request, acceptedAt, queueMs, emit)
    } finally {
      endTurn()
    }
  }

  #refuse(
    { prompt, signal }: GenerationRequest,
    acceptedAt: number,
    error: ErrorBody,
    emit: (event: GenerationEvent) => void,
  ): void {
    const startedAt = performance.timeOrigin + acceptedAt
    const measurement: Measurement = {
      ...emptyMeasurement(startedAt, prompt.length, fullBlocks(prompt.length, this.#model.blockTokens)),
      status: signal.aborted ? 'cancelled' : 'failed',
      errorCode: error.code,
    }
    this.#observer?.onEnd(measurement, { queueMs: performance.now() - acceptedAt, finish: null })
    emit({ kind: 'failed', error, measurement })
  }

  /** @param queueMs wait for the place that it has */
  async #compute(
    request: GenerationRequest,
    acceptedAt: number,
    queueMs: number,
    emit: (event: GenerationEvent) => void,
  ): Promise<void> {
    const { prompt, maxTokens, sampling } = request
    const abort = untilAnswered(request.signal)
    const filter = new StopFilter(request.stop)
    let details: RequestDetails = { queueMs, finish: null }
    let error: ErrorBody | null = null
    let answered = false
    let notStored = false
    const emitRest = (): void => {
      const rest = filter.end()
      if (rest !== '') emit({ kind: 'text', text: rest })
    }
    const onStep = (step: AnswerStep): void => {
      switch (step.kind) {
        case 'prefilled':
          details = { ...details, queueMs: queueMs + step.prefill.waitMs }
          return emit(step)
        case 'fetched':
          return emit(step)
        case 'answered': {
          answered = true
          abort.release()
          this.#storing += 1
          // Fewer tokens than were asked for: a stop sequence, or the model itself ended its answer.
          const isShort = filter.stopped || step.measurement.outputTokens < maxTokens
          const reason = isShort ? 'stop' : 'length'
          this.#observer?.onEnd(step.measurement, { ...details, finish: reason })
          emitRest()
          return emit({ kind: 'end', reason, measurement: { ...step.measurement } })
        }
        case 'notStored':
          notStored = true
          return
        case 'failed':
          error = step.error
      }
    }
    let last: number | null = null
    const onToken = ({ text }: { text: string }): 'stop' | undefined => {
      const now = performance.now()
      this.#observer?.onToken(now - (last ?? acceptedAt), last === null)
      last = now
      const out = filter.push(text)
      if (out !== '') emit({ kind: 'text', text: out })
      return filter.stopped || request.isEnough?.() === true ? 'stop' : undefined
    }
    const model = request.useCache ? this.#model : { ...this.#model, kvc: null }
    const answer = { prompt, maxTokens, sampling, signal: abort.signal, acceptedAt, onToken, onStep }
    const measurement = await answerRequest(model, answer)
    if (answered) {
      this.#storing -= 1
      this.#observer?.onStored(measurement, notStored)
      emit({ kind: 'stored', measurement })
      return
    }
    this.#observer?.onEnd(measurement, details)
    emitRest()
    emit({
      kind: 'failed',
      error: error ?? toErrorBody(new SkyError('internal', 'the answer has no end')),
      measurement,
    })
  }
}

/** Aborts with another signal, until it is released. */
function untilAnswered(signal: AbortSignal): { readonly signal: AbortSignal; release(): void } {
  const abort = new AbortController()
  const follow = (): void => abort.abort(signal.reason)
  if (signal.aborted) follow()
  signal.addEventListener('abort', follow, { once: true })
  return { signal: abort.signal, release: () => signal.removeEventListener('abort', follow) }
}
