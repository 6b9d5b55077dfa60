import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Measurement } from '#shared/experiment/measurement'
import type { ModelLoad, RequestDetails, RequestObserver } from './served-model'

/** Bounds of times from the first byte of a cache to the last token of an answer, s. */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250]
const hopBounds = [0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100]

/**
 * What a served model tells Prometheus. Names of vLLM and LMCache stand for what they mean there, `skymemory:` for the rest; docs/api.md
 * defines each of them.
 */
export class ModelMetrics implements RequestObserver {
  readonly #registry = new Registry()
  readonly #model: string
  readonly #counters = new Map<string, Counter>()
  readonly #histograms = new Map<string, Histogram>()
  readonly #ended: Counter<'model_name' | 'finished_reason'>
  readonly #failed: Counter<'model_name' | 'error_code'>

  constructor(model: string) {
    this.#model = model
    const registers = [this.#registry]
    const counter = (name: string, help: string): void => {
      const made = new Counter({ name, help, labelNames: ['model_name'], registers })
      // Also what has not happened yet is told: as 0.
      made.inc({ model_name: model }, 0)
      this.#counters.set(name, made)
    }
    const histogram = (name: string, help: string, buckets = seconds): void => {
      const made = new Histogram({ name, help, labelNames: ['model_name'], registers, buckets })
      made.zero({ model_name: model })
      this.#histograms.set(name, made)
    }
    counter('vllm:prompt_tokens_total', 'Prompt tokens of requests that came to their first token.')
    counter('vllm:generation_tokens_total', 'Output tokens.')
    counter('vllm:prefix_cache_queries_total', 'Prompt tokens that the cache was asked for.')
    counter('vllm:prefix_cache_hits_total', 'Prompt tokens that came from the cache.')
    histogram('vllm:time_to_first_token_seconds', 'From the acceptance of a request to its first token.')
    histogram('vllm:inter_token_latency_seconds', 'Gaps between output tokens.')
    histogram('vllm:request_time_per_output_token_seconds', 'TPOT of a request.')
    histogram('vllm:e2e_request_latency_seconds', 'From the acceptance of a request to its last token.')
    histogram('vllm:request_queue_time_seconds', 'Wait for a place, and for the model.')
    counter('lmcache:num_lookup_requests_total', 'Requests that asked which blocks are cached.')
    counter('lmcache:num_lookup_tokens_total', 'Prompt tokens of these requests.')
    counter('lmcache:num_retrieve_requests_total', 'Requests that fetched chunks.')
    counter('lmcache:num_hit_tokens_total', 'Tokens whose blocks were fetched whole.')
    counter('lmcache:num_store_requests_total', 'Requests that stored blocks.')
    histogram('lmcache:time_to_lookup', 'Asking which blocks are cached, s.')
    histogram('lmcache:time_to_retrieve', 'Fetching blocks and handing them to the model, s.')
    counter('skymemory:blocks_total', 'Full blocks of prompts.')
    counter('skymemory:blocks_hit_total', 'Blocks that came from the satellites.')
    counter('skymemory:chunks_fetched_total', 'Chunks that were fetched.')
    counter('skymemory:read_bytes_total', 'Bytes that were fetched.')
    counter('skymemory:written_bytes_total', 'Bytes that were stored.')
    counter(
      'skymemory:harmful_hits_total',
      'Requests that fetched for longer than computing would have taken.',
    )
    counter(
      'skymemory:half_blocks_served_total',
      'Blocks handed to the model that were not whole: must be 0.',
    )
    histogram('skymemory:hops', 'Links that the request for a chunk traversed, one way; by chunk.', hopBounds)
    counter('skymemory:stores_failed_total', 'Answered requests whose blocks could not be stored.')
    histogram('skymemory:prefill_seconds', 'Computing what was not cached, up to the first token.')
    histogram('skymemory:get_seconds', 'Fetching the chunks of a request.')
    histogram('skymemory:restore_seconds', 'Handing fetched blocks to the model.')
    histogram('skymemory:set_seconds', 'Storing the new blocks of a request.')
    histogram('skymemory:propagation_seconds', 'Light time of the slowest chunk, there and back.')
    this.#ended = new Counter({
      name: 'vllm:request_success_total',
      help: 'Requests by how they ended: stop, length or abort (the client went away).',
      labelNames: ['model_name', 'finished_reason'],
      registers,
    })
    for (const finished_reason of ['stop', 'length', 'abort']) {
      this.#ended.inc({ model_name: model, finished_reason }, 0)
    }
    this.#failed = new Counter({
      name: 'skymemory:requests_failed_total',
      help: 'Requests that failed, by the code of the error.',
      labelNames: ['model_name', 'error_code'],
      registers,
    })
  }

  /** Tell how many requests run, wait and store whenever somebody looks. */
  watch(load: () => Omit<ModelLoad, 'isFull'>): void {
    const gauge = (name: string, help: string, value: () => number): void => {
      const labels = { model_name: this.#model }
      new Gauge({
        name,
        help,
        labelNames: ['model_name'],
        registers: [this.#registry],
        collect() {
          this.set(labels, value())
        },
      })
    }
    const storing = 'Requests that are answered, and store their blocks.'
    gauge('skymemory:num_requests_storing', storing, () => load().storing)
    gauge('vllm:num_requests_running', 'Requests that are being answered.', () => load().running)
    gauge(
      'vllm:num_requests_waiting',
      'Requests that wait for a place or for the model.',
      () => load().waiting,
    )
  }

  onToken(ms: number, isFirst: boolean): void {
    this.#count('vllm:generation_tokens_total', 1)
    if (!isFirst) this.#time('vllm:inter_token_latency_seconds', ms)
  }

  onEnd(measurement: Measurement, { queueMs, finish }: RequestDetails): void {
    const { ttftMs, lookupMs, getMs, promptTokens, cachedTokens, restoreMs } = measurement
    if (ttftMs !== null) this.#count('vllm:prompt_tokens_total', promptTokens)
    this.#time('vllm:time_to_first_token_seconds', ttftMs)
    this.#time('vllm:request_time_per_output_token_seconds', measurement.tpotMs)
    this.#time('vllm:e2e_request_latency_seconds', measurement.e2eMs)
    this.#time('vllm:request_queue_time_seconds', queueMs)
    if (lookupMs !== null) {
      this.#count('vllm:prefix_cache_queries_total', promptTokens)
      this.#count('lmcache:num_lookup_requests_total', 1)
      this.#count('lmcache:num_lookup_tokens_total', promptTokens)
    }
    this.#count('vllm:prefix_cache_hits_total', cachedTokens)
    this.#count('lmcache:num_hit_tokens_total', cachedTokens)
    this.#count('lmcache:num_retrieve_requests_total', measurement.chunksFetched > 0 ? 1 : 0)
    this.#time('lmcache:time_to_lookup', lookupMs)
    if (getMs !== null && restoreMs !== null) this.#time('lmcache:time_to_retrieve', getMs + restoreMs)
    this.#count('skymemory:blocks_total', measurement.blocks)
    this.#count('skymemory:blocks_hit_total', measurement.blocksHit)
    this.#count('skymemory:chunks_fetched_total', measurement.chunksFetched)
    this.#count('skymemory:read_bytes_total', measurement.bytesRead)
    this.#count('skymemory:harmful_hits_total', measurement.harmful ? 1 : 0)
    this.#time('skymemory:prefill_seconds', measurement.prefillMs)
    this.#time('skymemory:get_seconds', getMs)
    this.#time('skymemory:restore_seconds', restoreMs)
    this.#time('skymemory:propagation_seconds', measurement.propagationMs)
    this.#countHops(measurement.hopsHistogram)
    if (measurement.status === 'failed') {
      this.#failed.inc({ model_name: this.#model, error_code: measurement.errorCode ?? 'internal' })
    } else this.#ended.inc({ model_name: this.#model, finished_reason: finish ?? 'abort' })
  }

  onStored({ bytesWritten, setMs, halfBlocksServed }: Measurement, failed: boolean): void {
    this.#count('lmcache:num_store_requests_total', bytesWritten > 0 ? 1 : 0)
    this.#count('skymemory:written_bytes_total', bytesWritten)
    this.#count('skymemory:half_blocks_served_total', halfBlocksServed)
    this.#count('skymemory:stores_failed_total', failed ? 1 : 0)
    this.#time('skymemory:set_seconds', setMs)
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  #count(name: string, by: number): void {
    this.#counters.get(name)?.inc({ model_name: this.#model }, by)
  }

  #time(name: string, ms: number | null): void {
    if (ms !== null) this.#histograms.get(name)?.observe({ model_name: this.#model }, ms / 1000)
  }

  #countHops(histogram: readonly number[]): void {
    const hops = this.#histograms.get('skymemory:hops')
    for (const [links, chunks] of histogram.entries()) {
      for (let i = 0; i < chunks; i++) hops?.observe({ model_name: this.#model }, links)
    }
  }
}
