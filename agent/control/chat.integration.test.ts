import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChatProgress, ChatRequest } from '#shared/contract/chat-api'
import { startTestLab, type TestLab } from '../testing/agent-process'
import { llamaMissing, randomModels, tinyModel } from '../testing/random-model'

const parameters = tinyModel
const story = 'Once upon a time a satellite kept the memory of a very long conversation. '.repeat(8)

if (llamaMissing) console.warn(llamaMissing)

describe.skipIf(llamaMissing)('a chat over the control channel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sky-models-'))
  let lab: TestLab
  let chats = 0

  const question = (content: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
    chatId: `chat ${++chats}`,
    messages: [{ role: 'user', content }],
    maxTokens: 10,
    temperature: 0,
    topP: 1,
    seed: 1,
    useCache: true,
    ...more,
  })

  async function ask(request: ChatRequest, signal?: AbortSignal, hear?: (progress: ChatProgress) => void) {
    const heard: ChatProgress[] = []
    const stop = lab.inference.control.on('chatProgress', ({ chatId, progress }) => {
      if (chatId !== request.chatId) return
      heard.push(progress)
      hear?.(progress)
    })
    const answer = await lab.inference.control.call('chat', request, signal).finally(stop)
    const text = heard.map((progress) => (progress.kind === 'text' ? progress.text : '')).join('')
    return { answer, heard, text }
  }

  beforeAll(async () => {
    lab = await startTestLab(5, 3, 2, { llama: await randomModels(folder) })
    const trial = { trialKey: 'chat', parameters }
    await Promise.all(lab.satellites.map((host) => host.control.call('prepareTrial', trial)))
  })
  afterAll(async () => {
    await lab.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('needs a model that is served', async () => {
    await expect(ask(question('Hello'))).rejects.toMatchObject({ code: 'conflict' })
    await lab.inference.control.call('serveApi', { parameters, port: 0 })
  })

  test('tells what came from the sky, then the text; a longer conversation finds the shorter one', async () => {
    const one = await ask(question(story))
    expect(one.heard.map((progress) => progress.kind).slice(0, 3)).toEqual(['fetched', 'prefilled', 'text'])
    expect(one.text).toBe(one.answer.text)
    expect(one.answer).toMatchObject({ finish: 'length', measurement: { blocksHit: 0, restoreMs: null } })
    const { blocks } = one.answer.measurement
    const two = await ask(
      question('', {
        messages: [
          { role: 'user', content: story },
          { role: 'assistant', content: one.answer.text },
          { role: 'user', content: 'Go on.' },
        ],
      }),
    )
    const [fetched] = two.heard
    expect(two.answer.measurement.blocksHit).toBeGreaterThanOrEqual(blocks)
    expect(fetched).toMatchObject({ kind: 'fetched', blocksHit: two.answer.measurement.blocksHit })
    expect(fetched?.kind === 'fetched' && fetched.routes.length).toBeGreaterThan(0)
    expect(two.answer.measurement.restoreMs).toBeGreaterThan(0)
  })

  test('without the cache the same prompt is computed, and answered alike', async () => {
    const warm = await ask(question(story))
    const cold = await ask(question(story, { useCache: false }))
    expect(warm.answer.measurement.blocksHit).toBeGreaterThan(3)
    expect(cold.answer.measurement).toMatchObject({ blocksHit: 0, lookupMs: null, bytesWritten: 0 })
    expect(cold.answer.text).toBe(warm.answer.text)
  })

  test('an answer that is stopped is measured, and its prompt is stored', async () => {
    const stop = new AbortController()
    const long = question(`Another ${story}`, { maxTokens: 600 })
    const { answer } = await ask(long, stop.signal, (progress) => progress.kind === 'text' && stop.abort())
    expect(answer.finish).toBe('stopped')
    expect(answer.measurement.outputTokens).toBeLessThan(600)
    const again = await ask({ ...long, chatId: 'again', maxTokens: 1 })
    expect(again.answer.measurement.blocksHit).toBeGreaterThan(3)
  })

  test('an answer that is stopped before it begins is cancelled, in the queue too', async () => {
    const stop = new AbortController()
    const first = ask(question('A first one', { maxTokens: 200 }))
    const others = Array.from({ length: 4 }, (_, i) => ask(question(`${i} ${story}`), stop.signal))
    stop.abort()
    const results = await Promise.allSettled(others)
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } })
    }
    expect((await first).answer.measurement.status).toBe('ok')
  })

  test('a conversation that is too long says so', async () => {
    await expect(ask(question(story.repeat(9)))).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: expect.stringContaining('new conversation') as string,
    })
  })
})
