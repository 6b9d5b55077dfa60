import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChatMessage, ChatProgress, ChatRequest } from '#shared/contract/chat-api'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { onHost } from '../provisioning/testing/testbed-hosts'
import type { Testbed } from '../testbed/testbed'
import { bundleFor } from '../testing/agent-bundle'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { llamaMissing } from './testing/llama-package'
import { modelConsole, type ModelConsole } from './testing/model-console'
import { tinyModelFile } from './testing/tiny-model-file'

/** Talking to a real model on the inference host of a lab behind SSH. */

const missing = noTestbed() ?? llamaMissing
if (missing) console.warn(`Chats over SSH are not tested: ${missing}`)

const soon = { timeout: 60_000, interval: 100 }
const story = 'Once upon a time a satellite kept the memory of a very long conversation. '.repeat(8)
const parameters: ParameterValues = {
  ...defaultParameters,
  slots: 4,
  planes: 2,
  centre_slot: 1,
  centre_plane: 0,
  los_slots: 1,
  los_planes: 1,
  servers: 8,
  engine: 'llama',
  model: 'tiny',
  block_tokens: 32,
  chunk_bytes: 1_024,
  context_tokens: 2_048,
  threads: 1,
}

let agentEntry = ''
let model = ''
if (!missing) {
  agentEntry = (await bundleFor({ cli: false })).agent
  model = await tinyModelFile()
}

let chats = 0
function ask(
  { client }: ModelConsole,
  messages: ChatMessage[],
  {
    signal,
    hear,
    ...changes
  }: Partial<ChatRequest> & { signal?: AbortSignal; hear?: (progress: ChatProgress) => void } = {},
) {
  const chatId = `chat ${++chats}`
  const heard: ChatProgress[] = []
  const stop = client.on('chatProgress', (event) => {
    if (event.chatId !== chatId) return
    heard.push(event.progress)
    hear?.(event.progress)
  })
  const settings = { maxTokens: 8, temperature: 0, topP: 1, seed: 1, useCache: true, ...changes }
  const answer = client.call('chat', { chatId, messages, ...settings }, signal).finally(stop)
  return { answer, heard }
}

const fromUser = (content: string): ChatMessage => ({ role: 'user', content })

describe.skipIf(missing)('a chat with a model behind SSH', { timeout: 180_000 }, () => {
  let testbed: Testbed
  beforeAll(async () => {
    testbed = await testbedForTest({ hosts: 3 })
  }, 120_000)
  afterAll(() => testbed?.down())

  /** Requests of the served model, as the inference host itself tells Prometheus. */
  async function load(apiUrl: string): Promise<number[]> {
    const program = `fetch(${JSON.stringify(new URL('/metrics', apiUrl).href)}).then((r) => r.text()).then(console.log)`
    const text = await onHost(testbed, 'jetson', process.execPath, '-e', program)
    return ['running', 'waiting'].map((what) =>
      Number(new RegExp(`^vllm:num_requests_${what}\\{.*\\} (\\d+)$`, 'm').exec(text)?.[1] ?? NaN),
    )
  }

  it('tells what came from which satellite, and gives the place of who goes away to the next one', async () => {
    const console = await modelConsole(testbed, { agentEntry })
    const { client, all } = console
    const applied = await client.call('apply', all)
    expect(applied.hosts.map(({ state, error }) => [state, error])).toEqual(
      testbed.hosts.map(() => ['done', null]),
    )
    await client.call('sendModel', { lab: 'rack', host: null, file: model, name: 'tiny' })
    expect(await client.call('chatModels', { lab: 'rack' })).toMatchObject([{ name: 'tiny', problem: null }])
    await client.call('startLab', { lab: 'rack', slots: 4, planes: 2 })
    await expect(ask(console, [fromUser('Hello')]).answer).rejects.toMatchObject({ code: 'conflict' })
    const apiUrl = (await client.call('serveApi', { parameters })).url ?? ''
    expect(await client.call('servedModel', {})).toEqual(parameters)

    const first = ask(console, [fromUser(story)])
    const one = await first.answer
    expect(one).toMatchObject({ finish: 'length', measurement: { blocksHit: 0, status: 'ok' } })
    expect(first.heard.map(({ kind }) => kind).slice(0, 3)).toEqual(['fetched', 'prefilled', 'text'])
    expect(first.heard.flatMap((each) => (each.kind === 'text' ? [each.text] : [])).join('')).toBe(one.text)

    const conversation: ChatMessage[] = [
      fromUser(story),
      { role: 'assistant', content: one.text },
      fromUser('Go on.'),
    ]
    const second = ask(console, conversation)
    const { measurement } = await second.answer
    expect(measurement.blocksHit).toBeGreaterThanOrEqual(one.measurement.blocks)
    const [fetched] = second.heard
    if (fetched?.kind !== 'fetched') throw new Error('nothing was fetched')
    expect(fetched.blocksHit).toBe(measurement.blocksHit)
    const sky = await client.call('constellation', {})
    const hosts = fetched.routes.map(({ steps }) => {
      const { slot, plane } = steps.at(-1) ?? {}
      return sky?.satellites.find((each) => each.slot === slot && each.plane === plane)?.hostId
    })
    expect(new Set(hosts)).toEqual(new Set(['nuc1', 'nuc2']))
    expect(hosts).toHaveLength(parameters.servers)
    const cold = await ask(console, conversation, { useCache: false }).answer
    expect(cold.text).toBe((await second.answer).text)

    // Two have the places of the model, of which one computes; a third waits: it goes away before it has begun, they do in mid-answer.
    const leave = new AbortController()
    const begun = new Set<number>()
    const long = [1, 2].map((number) =>
      ask(console, [fromUser(`${number} ${story}`)], {
        maxTokens: 1_500,
        signal: leave.signal,
        hear: ({ kind }) => kind === 'text' && begun.add(number),
      }),
    )
    const waits = new AbortController()
    const third = ask(console, [fromUser(`3 ${story}`)], { signal: waits.signal })
    await expect.poll(() => load(apiUrl), soon).toEqual([1, 2])
    waits.abort()
    await expect(third.answer).rejects.toMatchObject({ code: 'cancelled' })
    await expect.poll(() => load(apiUrl), soon).toEqual([1, 1])
    await expect.poll(() => begun.size, soon).toBeGreaterThan(0)
    leave.abort()
    const left = await Promise.allSettled(long.map(({ answer }) => answer))
    expect(
      left.map((each) =>
        each.status === 'fulfilled' ? each.value.finish : (each.reason as { code: string }).code,
      ),
    ).toContain('stopped')
    await expect.poll(() => load(apiUrl), soon).toEqual([0, 0])
    expect((await ask(console, [fromUser('And now?')]).answer).measurement.status).toBe('ok')

    // The connection is lost in mid-answer: the model is asked again over the next one.
    let texts = 0
    const broken = ask(console, [fromUser(`4 ${story}`)], {
      maxTokens: 300,
      hear: ({ kind }) => {
        if (kind === 'text' && ++texts === 1) void testbed.dropConnections('jetson')
      },
    })
    const whole = await broken.answer
    expect(whole.measurement.outputTokens).toBe(300)
    expect(broken.heard.filter(({ kind }) => kind === 'fetched')).toHaveLength(2)
    await expect.poll(() => load(apiUrl), soon).toEqual([0, 0])

    // A console that ends takes its answers with it.
    const lost = ask(console, [fromUser(`5 ${story}`)], { maxTokens: 1_500 })
    lost.answer.catch(() => undefined)
    await expect.poll(() => lost.heard.some(({ kind }) => kind === 'text'), soon).toBe(true)
    expect(await load(apiUrl)).toEqual([1, 0])
    await console.engine.dispose()
    await expect.poll(() => load(apiUrl), { timeout: 5_000, interval: 100 }).toEqual([0, 0])
  })
})
