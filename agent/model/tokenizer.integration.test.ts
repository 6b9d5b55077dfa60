import { mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import llamaTokenizer from 'llama-tokenizer-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ModelProcess } from '../inference/engine/llama/model-process'
import { createLog } from '../log'
import { agentBundle } from '../testing/agent-process'
import { childProcesses } from '../testing/child-processes'
import { llamaMissing, randomModels } from '../testing/random-model'

if (llamaMissing) console.warn(llamaMissing)

const log = createLog(() => undefined)
const contextTokens = 16_384
const room = contextTokens - 2
/** Of LLaMA's vocabulary: token 23409, B. */
const longestToken = 27

describe.skipIf(llamaMissing)('the tokenizer of a model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sky-models-'))
  let model: ModelProcess
  let modelFile: string

  beforeAll(async () => {
    const { packageFolder, modelsDirectory } = await randomModels(folder)
    modelFile = join(modelsDirectory, 'tiny.gguf')
    const entry = join(agentBundle, '..', 'skymemory-model.mjs')
    model = ModelProcess.start({ entry, packageFolder }, log)
    await model.call('load', { modelFile, contextTokens, batchTokens: 32, kvType: 'f16', threads: 1 })
  })
  afterAll(async () => {
    await model.end()
    rmSync(folder, { recursive: true, force: true })
  })

  const tokens = (text: string, startsPrompt: boolean) => model.call('tokenise', { text, startsPrompt })
  const chat = (content: string) => model.call('chatTokens', { messages: [{ role: 'user', content }] })

  test('puts a space before the text that starts a prompt, as LLaMA does, and none before a later one', async () => {
    expect(await tokens('Hello', true)).toEqual([15043])
    expect(await tokens(' Hello', true)).toEqual([259, 10994])
    expect(await tokens('Hello', false)).toEqual([10994])
    expect(await tokens(' Hello', false)).toEqual([15043])
    for (const text of ['\n\nQuestion: Why?\nAnswer: ', '中 文', '<s>', '\t', ' ']) {
      expect(await tokens(text, true)).toEqual(llamaTokenizer.encode(text, false, true))
      expect(await tokens(text, false)).toEqual(llamaTokenizer.encode(text, false, false))
    }
  })

  test('writes a chat by the template of the model: special tokens are its own, those in the text are text', async () => {
    const whole = await chat('Hello')
    expect(whole[0]).toBe(1)
    expect(whole.filter((token) => token === 2)).toHaveLength(1)
    const parts = llamaTokenizer.encode('<|user|>\nHello', false, true)
    expect(whole.slice(1, 1 + parts.length)).toEqual(parts)
  })

  test('tokenises a long text as a short one, beside the model', async () => {
    const text = 'the quick brown fox '.repeat(7_000)
    const long = tokens(text, true)
    await expect.poll(() => childProcesses(model.pid ?? 0).length).toBe(1)
    expect(await tokens('Hello', true)).toEqual([15043])
    expect(childProcesses(model.pid ?? 0)).toHaveLength(1)
    expect(await long).toEqual(llamaTokenizer.encode(text, false, true))
    await expect.poll(() => childProcesses(model.pid ?? 0).length).toBe(0)
    const content = await chat(text)
    expect(content).toEqual(expect.arrayContaining((await long).slice(10)))
  })

  test('refuses a text before tokenising it when not even the longest tokens would fit', async () => {
    const fits = ' '.repeat(room * 16)
    expect((await tokens(fits, false)).length).toBe(room)
    const started = performance.now()
    const refused = {
      code: 'context_length_exceeded',
      message: expect.stringMatching(/16382 tokens.*16383 or more/) as string,
    }
    await expect(tokens('x'.repeat(room * longestToken + 1), true)).rejects.toMatchObject(refused)
    await expect(tokens('x'.repeat(16_000_000), true)).rejects.toMatchObject({
      code: 'context_length_exceeded',
    })
    // 16 MB take llama.cpp a quarter of a minute on the fastest of machines.
    expect(performance.now() - started).toBeLessThan(5_000)
    await expect(chat('x'.repeat(1_000_000))).rejects.toMatchObject({ code: 'context_length_exceeded' })
    const empty = Array.from({ length: 40_000 }, () => ({ role: 'user', content: '' }))
    await expect(model.call('chatTokens', { messages: empty })).rejects.toMatchObject({
      code: 'context_length_exceeded',
    })
  })

  test('answers with the text of its tokens, whatever bytes they are', async () => {
    const ids: number[] = []
    let text = ''
    const stop = model.onToken((token) => {
      ids.push(token.id)
      text += token.text
    })
    await model.call('begin', { stateFile: null, stateTokens: 0 })
    const sampling = { temperature: 2, topP: 1, seed: 7 }
    await model.call('generate', { tokens: [1, 15043], maxTokens: 600, sampling, withLogits: false })
    stop()
    // Tokens 3 to 258 of LLaMA are single bytes.
    expect(ids.filter((id) => id >= 3 && id <= 258).length).toBeGreaterThan(1)
    expect(text).toBe(await model.call('detokenise', { tokens: ids }))
  })

  test('does not tokenise with the vocabulary of another file', async () => {
    const now = new Date()
    utimesSync(modelFile, now, new Date(now.getTime() - 60_000))
    await expect(tokens('word '.repeat(30_000), true)).rejects.toMatchObject({
      code: 'engine_failed',
      message: expect.stringContaining('no longer the file') as string,
    })
  })
})
