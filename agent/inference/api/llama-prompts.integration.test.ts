import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestLab, type TestLab } from '../../testing/agent-process'
import { samplesOf } from '../../testing/prometheus'
import { llamaMissing, randomModels, tinyModel as parameters } from '../../testing/random-model'

if (llamaMissing) console.warn(llamaMissing)

interface Answer {
  readonly choices?: readonly { readonly text: string }[]
  readonly error?: { readonly code: string | null; readonly param: string | null }
}

describe.skipIf(llamaMissing)('prompts of a real model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sky-models-'))
  let lab: TestLab
  let url: string

  beforeAll(async () => {
    lab = await startTestLab(5, 3, 2, { llama: await randomModels(folder) })
    const trial = { trialKey: 'prompts', parameters }
    await Promise.all(lab.satellites.map((host) => host.control.call('prepareTrial', trial)))
    url = (await lab.inference.control.call('serveApi', { parameters, port: 0 })).url ?? ''
  })
  afterAll(async () => {
    await lab.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const post = async (path: string, body: object, signal?: AbortSignal) => {
    const headers = { 'content-type': 'application/json' }
    const asked = JSON.stringify({ model: 'tiny', temperature: 0, ...body })
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers,
      body: asked,
      signal: signal ?? null,
    })
    return { status: response.status, body: (await response.json()) as Answer }
  }
  const waiting = async (): Promise<number> => {
    const samples = samplesOf(await (await fetch(new URL('/metrics', url))).text())
    return samples.get('vllm:num_requests_waiting{model_name="tiny"}') ?? 0
  }

  test('are tokenised as LLaMA does, a space before the first word', async () => {
    const ask = async (prompt: string | number[]) =>
      (await post('/completions', { prompt, max_tokens: 8 })).body.choices?.[0]?.text
    const answer = await ask('Hello there')
    expect(answer).toBe(await ask([1, 15043, 727]))
    expect(answer).not.toBe(await ask([1, 10994, 727]))
  })

  test('of a token that is none are refused at once, while others wait for the model', async () => {
    const gone = new AbortController()
    const long = { prompt: [5], max_tokens: parameters.context_tokens - 100 }
    const others = Array.from({ length: 4 }, () => post('/completions', long, gone.signal).catch(() => null))
    await expect.poll(waiting).toBeGreaterThan(1)
    const refused = await post('/completions', { prompt: [5, 32_000] })
    expect(await waiting()).toBeGreaterThan(0)
    expect(refused).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_argument', param: 'prompt' } },
    })
    gone.abort()
    await Promise.all(others)
  })

  test('of millions of words are refused without being tokenised, and others answered meanwhile', async () => {
    const prompt = 'the quick brown fox '.repeat(800_000)
    const code = 'context_length_exceeded'
    const completion = post('/completions', { prompt })
    expect((await post('/completions', { prompt: 'x', max_tokens: 1 })).status).toBe(200)
    expect((await completion).body.error).toMatchObject({ code, param: 'prompt' })
    const chat = await post('/chat/completions', { messages: [{ role: 'user', content: prompt }] })
    expect(chat.body.error).toMatchObject({ code, param: 'messages' })
  }, 30_000)

  test.each(['max_tokens', 'max_completion_tokens'])('and a huge %s do not fit', async (param) => {
    const chat = await post('/chat/completions', {
      messages: [{ role: 'user', content: 'x' }],
      [param]: 200_000,
    })
    expect(chat.body.error).toMatchObject({ code: 'context_length_exceeded', param })
  })
})
