import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultParameters } from '#shared/experiment/parameters'
import { startTestLab, type TestLab } from '../../testing/agent-process'
import { untilStored } from '../../testing/prometheus'

const run = promisify(execFile)
const parameters = {
  ...defaultParameters,
  slots: 5,
  planes: 3,
  centre_slot: 2,
  centre_plane: 1,
  block_tokens: 16,
  kvc_bytes_per_token: 512,
  chunk_bytes: 700,
  prefill_tokens_per_s: 50_000,
  decode_tokens_per_s: 500,
}
const story = 'Once upon a time a satellite kept the memory of a very long conversation. '.repeat(12)

describe('the OpenAI-compatible API', () => {
  let lab: TestLab
  let url: string
  let openai: OpenAI

  beforeAll(async () => {
    lab = await startTestLab(5, 3)
    await Promise.all(
      lab.satellites.map((host) => host.control.call('prepareTrial', { trialKey: 'api', parameters })),
    )
    const served = await lab.inference.control.call('serveApi', { parameters, port: 0 })
    url = served.url ?? ''
    openai = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  })
  afterAll(() => lab.stop())

  test('lists its model', async () => {
    const models = await openai.models.list()
    expect(models.data.map((model) => model.id)).toEqual(['synthetic'])
  })

  test('completes text, and says how much of the prompt came from the cache', async () => {
    const ask = () => openai.completions.create({ model: 'synthetic', prompt: story, max_tokens: 8 })
    const cold = await ask()
    await untilStored(url, 'synthetic')
    const warm = await ask()
    expect(cold.usage?.prompt_tokens_details?.cached_tokens).toBe(0)
    expect(warm.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(100)
    expect(warm.usage?.prompt_tokens).toBe(cold.usage?.prompt_tokens)
    expect(warm.usage?.completion_tokens).toBe(8)
    expect(warm.choices[0]?.text).toBe(cold.choices[0]?.text)
    expect(warm.choices[0]?.finish_reason).toBe('length')
  })

  test('streams a chat whose second turn finds the first in the cache', async () => {
    const first = [{ role: 'user' as const, content: story }]
    const turn = async (messages: OpenAI.ChatCompletionMessageParam[]) => {
      const stream = await openai.chat.completions.create({
        model: 'synthetic',
        messages,
        stream: true,
        stream_options: { include_usage: true },
        max_completion_tokens: 20,
      })
      let text = ''
      let cached: number | undefined
      for await (const part of stream) {
        text += part.choices[0]?.delta.content ?? ''
        cached = part.usage?.prompt_tokens_details?.cached_tokens ?? cached
      }
      await untilStored(url, 'synthetic')
      return { text, cached }
    }
    const one = await turn(first)
    expect(one.text.length).toBeGreaterThan(10)
    const two = await turn([
      ...first,
      { role: 'assistant', content: one.text },
      { role: 'user', content: 'Go on.' },
    ])
    expect(two.cached).toBeGreaterThan(100)
  })

  test('ends before a stop sequence', async () => {
    const full = await openai.completions.create({ model: 'synthetic', prompt: story, max_tokens: 30 })
    const text = full.choices[0]?.text ?? ''
    const stop = text.slice(20, 26)
    const cut = await openai.completions.create({ model: 'synthetic', prompt: story, max_tokens: 30, stop })
    expect(cut.choices[0]?.text).toBe(text.slice(0, text.indexOf(stop)))
    expect(cut.choices[0]?.finish_reason).toBe('stop')
  })

  test('a client that goes away gives its place back', async () => {
    const stream = await openai.completions.create({
      model: 'synthetic',
      prompt: story,
      max_tokens: 100_000,
      stream: true,
    })
    for await (const _part of stream) break
    const next = await openai.completions.create({ model: 'synthetic', prompt: story, max_tokens: 2 })
    expect(next.usage?.completion_tokens).toBe(2)
  })

  test('requests at the same time are all answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        openai.completions.create({ model: 'synthetic', prompt: `${i} ${story}`, max_tokens: 3 }),
      ),
    )
    expect(answers.every((answer) => answer.usage?.completion_tokens === 3)).toBe(true)
  })

  test('answers curl', async () => {
    const body = JSON.stringify({ model: 'synthetic', prompt: 'Hello there, satellite', max_tokens: 3 })
    const { stdout } = await run('curl', [
      '-s',
      '-H',
      'Content-Type: application/json',
      '-d',
      body,
      `${url}/completions`,
    ])
    expect(JSON.parse(stdout)).toMatchObject({ object: 'text_completion', usage: { completion_tokens: 3 } })
  })

  const post = async (path: string, body: object) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as { error: { message: string; param: string | null } }
    return { status: response.status, body: answer }
  }

  test.each([
    ['invalid JSON', '{', 400, /not valid JSON/],
    ['no prompt', '{"model":"synthetic"}', 400, /prompt/],
    ['five stops', '{"model":"synthetic","prompt":"x","stop":["a","b","c","d","e"]}', 400, /stop: .*up to 4/],
    ['an empty prompt', '{"model":"synthetic","prompt":""}', 400, /no tokens/],
    ['an unknown model', '{"model":"gpt","prompt":"x"}', 404, /does not exist/],
    ['max_tokens 0', '{"model":"synthetic","prompt":"x","max_tokens":0}', 400, /max_tokens/],
    ['a huge answer', '{"model":"synthetic","prompt":"x","max_tokens":100001}', 400, /at most 100000/],
  ])('refuses %s', async (_name, body, status, message) => {
    const response = await fetch(`${url}/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(response.status).toBe(status)
    const answer = (await response.json()) as { error: { message: string } }
    expect(answer.error.message).toMatch(message)
  })

  test.each([
    ['best_of', 3],
    ['echo', true],
    ['suffix', 'abc'],
    ['logprobs', 5],
    ['n', 2],
    ['logit_bias', { 5: 100 }],
    ['presence_penalty', 0.5],
    ['ignore_eos', true],
  ])('refuses %s, which it cannot honour', async (param, value) => {
    const { status, body } = await post('/completions', { model: 'synthetic', prompt: 'x', [param]: value })
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ type: 'invalid_request_error', code: 'unsupported_parameter', param })
  })

  const hello = [{ role: 'user', content: 'Hello' }]
  test.each([
    ['tools', [{ type: 'function', function: { name: 'f' } }]],
    ['tool_choice', 'required'],
    ['response_format', { type: 'json_object' }],
    ['logprobs', true],
    ['top_logprobs', 2],
  ])('refuses %s of a chat', async (param, value) => {
    const { status, body } = await post('/chat/completions', {
      model: 'synthetic',
      messages: hello,
      [param]: value,
    })
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ code: 'unsupported_parameter', param })
  })

  test('accepts what asks for nothing, and what changes no answer', async () => {
    const completion = await post('/completions', {
      ...{ model: 'synthetic', prompt: 'x', max_tokens: 2, n: 1, best_of: 1, echo: false, suffix: null },
      ...{ logprobs: null, logit_bias: {}, presence_penalty: 0, frequency_penalty: 0, user: 'me' },
    })
    expect(completion.status).toBe(200)
    const chat = await post('/chat/completions', {
      ...{
        model: 'synthetic',
        messages: hello,
        max_tokens: 2,
        logprobs: false,
        tools: [],
        tool_choice: 'auto',
      },
      ...{ response_format: { type: 'text' }, parallel_tool_calls: true, metadata: { a: 'b' } },
    })
    expect(chat.status).toBe(200)
  })

  test.each([
    ['an image', { content: [{ type: 'image_url', image_url: { url: 'x' } }] }, /parts of the type "text"/],
    ['no content', { content: null }, /must be a text/],
  ])('says what a message cannot hold: %s', async (_name, message, said) => {
    const { status, body } = await post('/chat/completions', {
      model: 'synthetic',
      messages: [{ role: 'user', ...message }],
    })
    expect([status, body.error.param]).toEqual([400, 'messages'])
    expect(body.error.message).toMatch(said)
  })

  test('tells by /metrics what it answered', async () => {
    await post('/completions', { model: 'synthetic', prompt: 'x', echo: true })
    const text = await (await fetch(new URL('/metrics', url))).text()
    expect(text).toMatch(
      /^http_requests_total\{handler="\/v1\/completions",method="POST",status="4xx"\} \d+$/m,
    )
    expect(text).toMatch(/^vllm:generation_tokens_total/m)
  })

  test('says in every chunk of a stream whether it tells the usage, if that was asked for', async () => {
    const ask = async (more: object) => {
      const stream = await openai.completions.create({
        ...{ model: 'synthetic', prompt: 'x', max_tokens: 3, stream: true, ...more },
      })
      const usages: unknown[] = []
      for await (const part of stream)
        usages.push(part.usage === undefined ? 'none' : part.usage?.completion_tokens)
      return usages
    }
    expect(await ask({})).toEqual(['none', 'none', 'none', 'none'])
    const asked = await ask({ stream_options: { include_usage: true } })
    expect(asked).toEqual([undefined, undefined, undefined, undefined, 3])
  })

  test('web pages cannot use it: neither by another name for this machine, nor by a plain form', async () => {
    const body = '{"model":"synthetic","prompt":"x"}'
    const form = await fetch(`${url}/completions`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body,
    })
    expect(form.status).toBe(415)
    const { stdout } = await run('curl', [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-H',
      'Host: evil.example',
      `${url}/models`,
    ])
    expect(stdout).toBe('403')
  })

  test('unicode and control characters are text like any other', async () => {
    const prompt = 'na\u00efve \u{1f6f0}\u0000\u0007 \u4e2d\u6587'
    const answer = await openai.completions.create({ model: 'synthetic', prompt, max_tokens: 2 })
    expect(answer.usage?.prompt_tokens).toBeGreaterThan(5)
  })

  test('a taken port is named', async () => {
    const port = Number(new URL(url).port)
    const other = await startTestLab(3, 1)
    const refused = other.inference.control.call('serveApi', { parameters, port })
    await expect(refused).rejects.toMatchObject({ code: 'port_in_use' })
    await other.stop()
  })
})
