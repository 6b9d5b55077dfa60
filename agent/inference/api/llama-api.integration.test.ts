import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestLab, type TestLab } from '../../testing/agent-process'
import { childProcesses } from '../../testing/child-processes'
import { samplesOf } from '../../testing/prometheus'
import { llamaMissing, randomModels, tinyModel } from '../../testing/random-model'

const run = promisify(execFile)
const parameters = { ...tinyModel, chunk_bytes: 4_096 }
const { block_tokens: blockTokens, context_tokens: contextTokens } = parameters
const story = 'Once upon a time a satellite kept the memory of a very long conversation. '.repeat(12)

if (llamaMissing) console.warn(llamaMissing)

describe.skipIf(llamaMissing)('the OpenAI-compatible API of a real model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sky-models-'))
  let lab: TestLab
  let url: string
  let openai: OpenAI
  let trials = 0

  async function serve(model: string): Promise<void> {
    const trial = { trialKey: `api.${++trials}`, parameters }
    await Promise.all(lab.satellites.map((host) => host.control.call('prepareTrial', trial)))
    const asked = { parameters: { ...parameters, model }, port: 0 }
    url = (await lab.inference.control.call('serveApi', asked)).url ?? ''
    openai = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  }

  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as ErrorAnswer }
  }
  const complete = (more: Partial<OpenAI.CompletionCreateParamsNonStreaming>) =>
    openai.completions.create({ model: 'tiny', prompt: story, max_tokens: 8, temperature: 0, ...more })

  beforeAll(async () => {
    const llama = await randomModels(folder)
    lab = await startTestLab(5, 3, 2, { llama })
    await serve('tiny')
  })
  afterAll(async () => {
    await lab.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const scrape = async () => {
    const { stdout } = await run('curl', ['-s', '-i', new URL('/metrics', url).href])
    const [head = '', body = ''] = stdout.split('\r\n\r\n')
    expect(head).toMatch(/content-type: text\/plain; version=0\.0\.4/i)
    const samples = samplesOf(body)
    return (name: string): number | undefined => samples.get(`${name}{model_name="tiny"}`)
  }

  test('tells Prometheus what the answers say of their usage', async () => {
    await serve('tiny')
    const ask = { max_tokens: 5, prompt: `Measured: ${story}` }
    const answers = [
      await complete(ask),
      await complete(ask),
      await openai.chat.completions.create({
        model: 'tiny',
        messages: [{ role: 'user', content: story }],
        max_tokens: 7,
      }),
    ]
    await post('/completions', { model: 'tiny', prompt: '' })
    const of = await scrape()
    const sum = (value: (usage: OpenAI.CompletionUsage | undefined) => number | undefined): number =>
      answers.reduce((total, { usage }) => total + (value(usage) ?? 0), 0)
    const prompts = sum((usage) => usage?.prompt_tokens)
    const cached = sum((usage) => usage?.prompt_tokens_details?.cached_tokens)
    expect(cached).toBeGreaterThan(2 * blockTokens)
    expect(of('vllm:prompt_tokens_total')).toBe(prompts)
    expect(of('vllm:generation_tokens_total')).toBe(sum((usage) => usage?.completion_tokens))
    expect(of('vllm:prefix_cache_queries_total')).toBe(prompts)
    expect(of('vllm:prefix_cache_hits_total')).toBe(cached)
    expect(of('skymemory:blocks_hit_total')).toBe(cached / blockTokens)
    expect(of('skymemory:hops_count')).toBe(of('skymemory:chunks_fetched_total'))
    expect(of('vllm:time_to_first_token_seconds_count')).toBe(3)
    expect(of('vllm:inter_token_latency_seconds_count')).toBe(sum((usage) => usage?.completion_tokens) - 3)
    expect(of('lmcache:num_retrieve_requests_total')).toBe(1)
    expect([of('vllm:num_requests_running'), of('vllm:num_requests_waiting')]).toEqual([0, 0])
  })

  test('answers a warm prompt as it answered the cold one, and says what was cached', async () => {
    const cold = await complete({})
    const warm = await complete({})
    const prompt = cold.usage?.prompt_tokens ?? 0
    expect(cold.usage?.prompt_tokens_details?.cached_tokens).toBe(0)
    expect(warm.usage?.prompt_tokens_details?.cached_tokens).toBe(
      Math.floor((prompt - 1) / blockTokens) * blockTokens,
    )
    expect(warm.choices[0]?.text).toBe(cold.choices[0]?.text)
    expect(warm.usage?.completion_tokens).toBe(8)
  })

  test('of a prompt of exactly k blocks, k - 1 come from the cache; a prompt of one token is computed', async () => {
    const prompt = Array.from({ length: 3 * blockTokens }, (_, i) => 300 + i)
    const cold = await complete({ prompt })
    const warm = await complete({ prompt })
    expect(warm.usage?.prompt_tokens_details?.cached_tokens).toBe(2 * blockTokens)
    expect(warm.choices[0]?.text).toBe(cold.choices[0]?.text)
    const one = await complete({ prompt: [1], max_tokens: 3 })
    expect(one.usage).toMatchObject({ prompt_tokens: 1, prompt_tokens_details: { cached_tokens: 0 } })
  })

  test('the same seed gives the same answer, another one another', async () => {
    const ask = async (seed: number) =>
      (await complete({ seed, temperature: 1, top_p: 0.95, max_tokens: 24 })).choices[0]?.text
    const [first, second, other] = [await ask(7), await ask(7), await ask(8)]
    expect(second).toBe(first)
    expect(other).not.toBe(first)
  })

  test('streams a chat whose second turn finds the first in the cache', async () => {
    const opening = [{ role: 'user' as const, content: story }]
    const turn = async (messages: OpenAI.ChatCompletionMessageParam[]) => {
      const stream = await openai.chat.completions.create({
        model: 'tiny',
        messages,
        stream: true,
        stream_options: { include_usage: true },
        max_completion_tokens: 12,
        temperature: 0,
      })
      let text = ''
      let roles = 0
      let usage: OpenAI.CompletionUsage | null | undefined
      let finish: string | null | undefined
      for await (const part of stream) {
        text += part.choices[0]?.delta.content ?? ''
        if (part.choices[0]?.delta.role) roles += 1
        finish = part.choices[0]?.finish_reason ?? finish
        usage = part.usage ?? usage
      }
      return { text, roles, usage, finish }
    }
    const one = await turn(opening)
    expect(one).toMatchObject({ roles: 1, usage: { completion_tokens: 12 }, finish: 'length' })
    const two = await turn([
      ...opening,
      { role: 'assistant', content: one.text },
      { role: 'user', content: 'Go on.' },
    ])
    expect(two.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(5 * blockTokens)
  })

  test('ends before a stop sequence', async () => {
    const text = (await complete({ max_tokens: 30 })).choices[0]?.text ?? ''
    const stop = text.slice(20, 24)
    const cut = await complete({ max_tokens: 30, stop })
    expect(cut.choices[0]?.text).toBe(text.slice(0, text.indexOf(stop)))
    expect(cut.choices[0]?.finish_reason).toBe('stop')
  })

  test('unicode and control characters are text like any other', async () => {
    const prompt = 'na\u00efve \u{1f6f0}\u0000\u0007 \u4e2d\u6587 \ufffd <s></s>'
    const answer = await complete({ prompt, max_tokens: 2 })
    expect(answer.usage?.prompt_tokens).toBeGreaterThan(8)
    const chat = await openai.chat.completions.create({
      model: 'tiny',
      messages: [{ role: 'user', content: prompt }],
      max_tokens: 2,
    })
    expect(chat.usage?.completion_tokens).toBeLessThanOrEqual(2)
  })

  test('requests at the same time queue, and all are answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => complete({ prompt: `${i} ${story}`, max_tokens: 3 })),
    )
    expect(answers.map((answer) => answer.usage?.completion_tokens)).toEqual(Array(8).fill(3))
  })

  test('clients that go away, in the queue and in mid-stream, free their places', async () => {
    const long = { model: 'tiny', prompt: [5], max_tokens: contextTokens - 100 }
    const before = (await scrape())('vllm:generation_tokens_total') ?? 0
    const stream = await openai.completions.create({ ...long, stream: true })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    const waiting = Array.from({ length: 6 }, () => new AbortController())
    const given = waiting.map(({ signal }, i) =>
      openai.completions.create({ ...long, stream: i % 2 === 0 }, { signal }).then(
        () => 'answered',
        (error: unknown) => (error instanceof OpenAI.APIUserAbortError ? 'gone' : error),
      ),
    )
    for (let queued = 0; queued < 5;) {
      queued = (await scrape())('vllm:num_requests_waiting') ?? 0
    }
    for (const each of waiting) each.abort()
    expect(await Promise.all(given)).toEqual(Array(6).fill('gone'))
    await iterator.return?.()
    const next = await complete({ max_tokens: 2 })
    expect(next.usage?.completion_tokens).toBe(2)
    const after = await scrape()
    expect([after('vllm:num_requests_running'), after('vllm:num_requests_waiting')]).toEqual([0, 0])
    // Seven long answers were asked for; not one was made to its end.
    expect((after('vllm:generation_tokens_total') ?? 0) - before).toBeLessThan(contextTokens - 100)
  })

  test('answers curl, as a whole and as a stream', async () => {
    const ask = async (body: object) => {
      const json = JSON.stringify({ model: 'tiny', prompt: 'Hello there', max_tokens: 3, ...body })
      const head = ['-s', '-H', 'Content-Type: application/json']
      return (await run('curl', [...head, '-d', json, `${url}/completions`])).stdout
    }
    expect(JSON.parse(await ask({}))).toMatchObject({ usage: { completion_tokens: 3 } })
    const lines = (await ask({ stream: true })).split('\n').filter((line) => line !== '')
    expect(lines.length).toBeGreaterThan(3)
    expect(lines.every((line) => line.startsWith('data: '))).toBe(true)
    expect(lines.at(-1)).toBe('data: [DONE]')
  })

  const wide = Array.from({ length: contextTokens + 5 }, () => 9)
  test.each([
    ['invalid JSON', '{', 400, null, /not valid JSON/],
    ['no prompt', { model: 'tiny' }, 400, null, /prompt/],
    ['two prompts', { model: 'tiny', prompt: ['a', 'b'] }, 400, null, /one prompt/],
    ['an empty prompt', { model: 'tiny', prompt: '' }, 400, null, /no tokens/],
    ['no tokens', { model: 'tiny', prompt: [] }, 400, null, /no tokens/],
    ['an unknown model', { model: 'gpt', prompt: 'x' }, 404, 'model_not_found', /does not exist/],
    ['max_tokens 0', { model: 'tiny', prompt: 'x', max_tokens: 0 }, 400, null, /max_tokens/],
    ['a token that is none', { model: 'tiny', prompt: [32_000] }, 400, 'invalid_argument', /no token 32000/],
    ['a long prompt', { model: 'tiny', prompt: wide }, 400, 'context_length_exceeded', /1029/],
    [
      'a long prompt, streamed',
      { model: 'tiny', prompt: wide, stream: true },
      400,
      'context_length_exceeded',
      /1029/,
    ],
    [
      'a long answer',
      { model: 'tiny', prompt: 'x', max_tokens: 2_000 },
      400,
      'context_length_exceeded',
      /2000/,
    ],
  ])('refuses %s', async (_name, body, status, code, message) => {
    const answer = await post('/completions', body)
    expect(answer.status).toBe(status)
    expect(answer.body.error).toMatchObject({ type: 'invalid_request_error', code })
    expect(answer.body.error.message).toMatch(message)
  })

  test('a prompt that leaves little room is answered with what there is, unless more was asked for', async () => {
    const prompt = wide.slice(0, contextTokens - 10)
    const answer = await openai.completions.create({ model: 'tiny', prompt, temperature: 0 })
    expect(answer.usage?.completion_tokens).toBeLessThanOrEqual(8)
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
  })

  test('a model without a chat template completes text, and says why it cannot chat', async () => {
    await serve('untold')
    expect((await complete({ model: 'untold', max_tokens: 2 })).usage?.completion_tokens).toBe(2)
    const chat = await post('/chat/completions', {
      model: 'untold',
      messages: [{ role: 'user', content: 'x' }],
    })
    expect(chat.status).toBe(400)
    expect(chat.body.error).toMatchObject({ code: 'not_supported', type: 'invalid_request_error' })
    expect(chat.body.error.message).toMatch(/no chat template.*completions/)
    await serve('tiny')
  })

  test.each([true, false])(
    'the model killed in mid-request (stream: %s) fails it; the next is answered',
    async (stream) => {
      const before = await complete({})
      const agent = lab.inference.child.pid ?? 0
      const [model] = childProcesses(agent)
      const asked = { model: 'tiny', prompt: [5], max_tokens: contextTokens - 100 }
      const answer = stream
        ? (async () => {
            const parts = await openai.completions.create({ ...asked, stream: true })
            for await (const _part of parts) if (model) process.kill(model, 'SIGKILL')
          })()
        : openai.completions.create(asked)
      if (!stream) setTimeout(() => model && process.kill(model, 'SIGKILL'), 100)
      const error: unknown = await answer.then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(OpenAI.APIError)
      expect(error).toMatchObject({ code: 'engine_failed', type: 'server_error' })
      if (!stream) expect(error).toMatchObject({ status: 503 })
      const after = await complete({})
      expect(after.choices[0]?.text).toBe(before.choices[0]?.text)
      expect(after.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0)
      expect(childProcesses(agent)).not.toContain(model)
    },
  )
})

interface ErrorAnswer {
  readonly error: { readonly message: string; readonly type: string; readonly code: string | null }
}
