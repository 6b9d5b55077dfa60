import { describe, expect, it, vi } from 'vitest'
import type { ChatAnswer, ChatEvent, ChatRequest } from '#shared/contract/chat-api'
import type { LabState } from '#shared/contract/console-api'
import type { CallContext } from '#shared/contract/rpc'
import { defaultParameters } from '#shared/experiment/parameters'
import { emptyMeasurement } from '#shared/experiment/measurement'
import type { InferenceClient, LabHosts } from '../hosts/lab-hosts'
import { chatHandlers, type ChatParts } from './chat-handlers'

const running: LabState = {
  kind: 'running',
  name: 'local',
  slots: 5,
  planes: 3,
  hosts: [],
  failures: { satellites: [], links: [] },
  apiUrl: 'http://127.0.0.1:1/v1',
}
const request: ChatRequest = {
  chatId: 'mine',
  messages: [{ role: 'user', content: 'Hello' }],
  maxTokens: 5,
  temperature: 0,
  topP: 1,
  seed: 1,
  useCache: true,
}
const answer: ChatAnswer = { text: 'Hi', finish: 'stop', measurement: emptyMeasurement(0, 3, 0), queueMs: 0 }
const free: CallContext = { isCancelled: () => false, onCancelled: () => undefined }

/** Handlers over an inference host that says what a test wants. */
function handlers(parts: Partial<ChatParts> = {}, state: LabState = running) {
  const listeners = new Set<(event: ChatEvent) => void>()
  const call = vi.fn((_method: string, asked: ChatRequest) => {
    for (const chatId of [asked.chatId, 'of somebody else']) {
      for (const listener of listeners) listener({ chatId, progress: { kind: 'text', text: 'Hi' } })
    }
    return Promise.resolve(answer)
  })
  const on = (_event: string, listener: (event: ChatEvent) => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const inference = { call, on } as unknown as InferenceClient
  const heard: ChatEvent[] = []
  const api = chatHandlers({
    lab: { state, require: () => ({ inference: () => inference }) as LabHosts },
    served: { parameters: null },
    models: { list: () => Promise.resolve([]) },
    hostModels: { list: () => Promise.reject(new Error('no host is asked')) },
    onProgress: (event) => heard.push(event),
    ...parts,
  })
  return { api, heard, listeners, call }
}

describe('a chat', () => {
  it('hears of its own answer, and of nothing once that is there', async () => {
    const { api, heard, listeners } = handlers()
    expect(await api.chat(request, free)).toEqual(answer)
    expect(heard.map(({ chatId }) => chatId)).toEqual(['mine'])
    expect(listeners.size).toBe(0)
  })

  it('asks no host while no model is served', async () => {
    const { api, call } = handlers({}, { ...running, apiUrl: null })
    await expect(Promise.resolve(api.chat(request, free))).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('start it') as string,
    })
    expect(call).not.toHaveBeenCalled()
  })

  it('passes a cancellation on', async () => {
    const { api, call } = handlers()
    let cancel = (): void => undefined
    const asked = api.chat(request, { ...free, onCancelled: (listener) => (cancel = listener) })
    cancel()
    await asked
    expect((call.mock.calls[0] as unknown[])[2]).toMatchObject({ aborted: true })
  })
})

describe('the models to talk to', () => {
  it('are those of this computer for the local lab, with what is wrong with them', async () => {
    const kept = { sha256: 'a'.repeat(64), addedAt: 0, path: '/models/a.gguf', bytes: 7 }
    const { api } = handlers({
      models: {
        list: () =>
          Promise.resolve([
            { ...kept, name: 'a', state: 'present' },
            { ...kept, name: 'b', state: 'missing' },
          ]),
      },
    })
    expect(await api.chatModels({ lab: 'local' }, free)).toEqual([
      { name: 'a', bytes: 7, problem: null },
      { name: 'b', bytes: 7, problem: 'its file is gone' },
    ])
  })

  it('are those of its inference host for another lab', async () => {
    const model = {
      name: 'c',
      bytes: 7,
      foundBytes: 6,
      sha256: 'a'.repeat(64),
      addedAt: 0,
      path: '/m/c.gguf',
    }
    const list = vi.fn(() => Promise.resolve({ host: 'jetson', models: [model] }))
    const { api } = handlers({ hostModels: { list }, served: { parameters: defaultParameters } })
    expect(await api.chatModels({ lab: 'far' }, free)).toMatchObject([
      { name: 'c', problem: 'its file has another size than when it was added' },
    ])
    expect(list).toHaveBeenCalledWith('far', null, expect.anything())
    expect(await api.servedModel({}, free)).toEqual(defaultParameters)
  })
})
