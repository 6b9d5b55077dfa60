import type { CachedModel } from '../answer-request'
import type { Measurement } from '#shared/experiment/measurement'
import { answerRequest } from '../answer-request'
import type { Sampling } from '../engine/engine'
import { StopFilter } from './stop-filter'

export interface GenerationRequest {
  readonly prompt: readonly number[]
  readonly maxTokens: number
  readonly stop: readonly string[]
  readonly sampling: Sampling
  readonly signal: AbortSignal
}

export type GenerationEvent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly reason: 'stop' | 'length'; readonly measurement: Measurement }
  | { readonly kind: 'failed'; readonly measurement: Measurement }

/** One answer as a stream of events; ends with `end` or `failed`. Stopping to read it aborts the request. */
export async function* generate(
  model: CachedModel,
  request: GenerationRequest,
): AsyncGenerator<GenerationEvent> {
  const own = new AbortController()
  const signal = AbortSignal.any([request.signal, own.signal])
  const filter = new StopFilter(request.stop)
  const events: GenerationEvent[] = []
  let wake = (): void => undefined
  const emit = (event: GenerationEvent): void => {
    events.push(event)
    wake()
  }
  const onToken = ({ text }: { text: string }): 'stop' | undefined => {
    const out = filter.push(text)
    if (out !== '') emit({ kind: 'text', text: out })
    return filter.stopped ? 'stop' : undefined
  }
  const { prompt, maxTokens, sampling } = request
  void answerRequest(model, { prompt, maxTokens, sampling, signal, onToken }).then((measurement) => {
    const rest = filter.end()
    if (rest !== '') emit({ kind: 'text', text: rest })
    if (measurement.status !== 'ok') emit({ kind: 'failed', measurement })
    // Fewer tokens than were asked for: a stop sequence, or the model itself ended its answer.
    else if (filter.stopped || measurement.outputTokens < maxTokens)
      emit({ kind: 'end', reason: 'stop', measurement })
    else emit({ kind: 'end', reason: 'length', measurement })
  })
  try {
    for (;;) {
      const event = events.shift()
      if (event === undefined) {
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      yield event
      if (event.kind !== 'text') return
    }
  } finally {
    own.abort(new Error('the client has gone'))
  }
}
