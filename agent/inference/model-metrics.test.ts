import { describe, expect, test } from 'vitest'
import { emptyMeasurement } from '#shared/experiment/measurement'
import { samplesOf } from '../testing/prometheus'
import { ModelMetrics } from './model-metrics'

const answered = {
  ...emptyMeasurement(0, 100, 3),
  outputTokens: 3,
  blocksHit: 2,
  cachedTokens: 64,
  chunksFetched: 5,
  hopsHistogram: [0, 4, 1],
  lookupMs: 2,
  getMs: 30,
  restoreMs: 5,
  prefillMs: 40,
  ttftMs: 80,
  tpotMs: 10,
  e2eMs: 100,
  bytesRead: 5_000,
  harmful: true,
}
const details = { queueMs: 1, finish: 'length' } as const

describe('the metrics of a model', () => {
  test('are told as 0 before the first request', async () => {
    const samples = samplesOf(await new ModelMetrics('m').text())
    expect(samples.get('vllm:prompt_tokens_total{model_name="m"}')).toBe(0)
    expect(samples.get('vllm:time_to_first_token_seconds_count{model_name="m"}')).toBe(0)
    expect(samples.get('vllm:request_success_total{model_name="m",finished_reason="abort"}')).toBe(0)
  })

  test('count each request once, in tokens and seconds', async () => {
    const metrics = new ModelMetrics('m')
    metrics.watch(() => ({ running: 2, waiting: 7, storing: 1 }))
    metrics.onToken(80, true)
    metrics.onToken(12, false)
    metrics.onToken(8, false)
    metrics.onEnd(answered, details)
    const samples = samplesOf(await metrics.text())
    const of = (name: string): number | undefined => samples.get(`${name}{model_name="m"}`)
    expect(of('vllm:num_requests_running')).toBe(2)
    expect(of('vllm:num_requests_waiting')).toBe(7)
    expect(of('skymemory:num_requests_storing')).toBe(1)
    expect(of('vllm:prompt_tokens_total')).toBe(100)
    expect(of('vllm:generation_tokens_total')).toBe(3)
    expect(of('vllm:prefix_cache_queries_total')).toBe(100)
    expect(of('vllm:prefix_cache_hits_total')).toBe(64)
    expect(of('vllm:inter_token_latency_seconds_count')).toBe(2)
    expect(of('vllm:inter_token_latency_seconds_sum')).toBeCloseTo(0.02)
    expect(of('vllm:time_to_first_token_seconds_sum')).toBeCloseTo(0.08)
    expect(of('lmcache:time_to_retrieve_sum')).toBeCloseTo(0.035)
    expect(of('lmcache:num_store_requests_total')).toBe(0)
    expect(of('skymemory:hops_count')).toBe(5)
    expect(of('skymemory:hops_sum')).toBe(6)
    expect(samples.get('skymemory:hops_bucket{le="1",model_name="m"}')).toBe(4)
    expect(of('skymemory:harmful_hits_total')).toBe(1)
    expect(of('skymemory:written_bytes_total')).toBe(0)
    metrics.onStored({ ...answered, bytesWritten: 700, setMs: 20 }, false)
    metrics.onStored(answered, true)
    const stored = samplesOf(await metrics.text())
    expect(stored.get('skymemory:written_bytes_total{model_name="m"}')).toBe(700)
    expect(stored.get('lmcache:num_store_requests_total{model_name="m"}')).toBe(1)
    expect(stored.get('skymemory:set_seconds_sum{model_name="m"}')).toBeCloseTo(0.02)
    expect(stored.get('skymemory:stores_failed_total{model_name="m"}')).toBe(1)
    expect(samples.get('vllm:request_success_total{model_name="m",finished_reason="length"}')).toBe(1)
  })

  test('tell requests that failed or went away from those that were answered', async () => {
    const metrics = new ModelMetrics('m')
    const ended = { queueMs: 0, finish: null }
    const none = emptyMeasurement(0, 50, 1)
    metrics.onEnd({ ...none, status: 'failed', errorCode: 'engine_failed' }, ended)
    metrics.onEnd({ ...none, status: 'cancelled', errorCode: 'cancelled' }, ended)
    const samples = samplesOf(await metrics.text())
    expect(samples.get('skymemory:requests_failed_total{model_name="m",error_code="engine_failed"}')).toBe(1)
    expect(samples.get('vllm:request_success_total{model_name="m",finished_reason="abort"}')).toBe(1)
    expect(samples.get('vllm:prompt_tokens_total{model_name="m"}')).toBe(0)
    expect(samples.get('vllm:time_to_first_token_seconds_count{model_name="m"}')).toBe(0)
  })
})
