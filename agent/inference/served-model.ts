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
  | Exclude<AnswerStep, { kind: 'failed' }>
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly reason: 'stop' | 'length'; readonly measurement: Measurement }
  | { readonly kind: 'failed'; readonly error: ErrorBody; readonly measurement: Measurement }

/** What is known of a request beside its measurement. */
export interface RequestDetails {
  readonly queueMs: number
  /** Null = it was not answered to its end. */
  readonly finish: 'stop' | 'length' | null
}

/** Who is told of every request, for the metrics. */
export interface RequestObserver {
  /** @param ms since the request was accepted, or since the token before */
  onToken(ms: number, isFirst: boolean): void
  onEnd(measurement: Measurement, details: RequestDetails): void
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

  constructor(model: CachedModel, observer: RequestObserver | null = null) {
    this.#model = model
    this.#observer = observer
  }

  get engine(): Engine {
    return this.#model.engine
  }

  get load(): { readonly running: number; readonly waiting: number; readonly isFull: boolean } {
    const { running, waiting, isFull } = this.#places
    return { running, waiting, isFull }
  }

  /** Every request ends, and so does every later one. */
  close(): void {
    const message = 'The model is no longer served'
    this.#closed.abort(new SkyError('conflict', message, 'Serve it again.'))
  }

  /** One answer as a stream of events; the last is `end` or `failed`. Stopping to read it aborts the request. */
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
        if (event.kind === 'end' || event.kind === 'failed') return
      }
    } finally {
      reader.abort(new Error('nobody reads the answer any more'))
    }
  }

  async #answer(request: GenerationRequest, emit: (event: GenerationEvent) => void): Promise<void> {
    const { prompt, maxTokens, sampling, signal } = request
    const acceptedAt = performance.now()
    let endTurn: () => void
    try {
      endTurn = await this.#places.take(signal)
    } catch (thrown) {
      const startedAt = performance.timeOrigin + acceptedAt
      const blocks = fullBlocks(prompt.length, this.#model.blockTokens)
      const status = signal.aborted ? 'cancelled' : 'failed'
      const error = toErrorBody(thrown)
      const measurement = { ...emptyMeasurement(startedAt, prompt.length, blocks), status } as const
      const failed = { ...measurement, errorCode: error.code }
      const queueMs = performance.now() - acceptedAt
      this.#observer?.onEnd(failed, { queueMs, finish: null })
      emit({ kind: 'failed', error, measurement: failed })
      return
    }
    const queueMs = performance.now() - acceptedAt
    emit({ kind: 'begun', queueMs })
    let error: ErrorBody | null = null
    const onStep = (step: AnswerStep): void => {
      if (step.kind === 'failed') error = step.error
      else emit(step)
    }
    const filter = new StopFilter(request.stop)
    let last: number | null = null
    const onToken = ({ text }: { text: string }): 'stop' | undefined => {
      const now = performance.now()
      this.#observer?.onToken(now - (last ?? acceptedAt), last === null)
      last = now
      const out = filter.push(text)
      if (out !== '') emit({ kind: 'text', text: out })
      return filter.stopped || request.isEnough?.() === true ? 'stop' : undefined
    }
    try {
      const model = request.useCache ? this.#model : { ...this.#model, kvc: null }
      const answer = { prompt, maxTokens, sampling, signal, acceptedAt, onToken, onStep }
      const measurement = await answerRequest(model, answer)
      // Fewer tokens than were asked for: a stop sequence, or the model itself ended its answer.
      const isShort = filter.stopped || measurement.outputTokens < maxTokens
      const finish = error !== null ? null : isShort ? 'stop' : 'length'
      this.#observer?.onEnd(measurement, { queueMs, finish })
      const rest = filter.end()
      if (rest !== '') emit({ kind: 'text', text: rest })
      if (error !== null) emit({ kind: 'failed', error, measurement })
      else emit({ kind: 'end', reason: isShort ? 'stop' : 'length', measurement })
    } finally {
      endTurn()
    }
  }
}
