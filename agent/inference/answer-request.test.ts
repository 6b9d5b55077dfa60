import { expect, test } from 'vitest'
import { blockHashes } from '#shared/kvc/block-hash'
import { MemoryCache } from '../testing/memory-cache'
import { answerRequest, type AnswerStep, type CachedModel } from './answer-request'
import { SyntheticEngine } from './engine/synthetic-engine'
import { fetchAlways } from './kvc/fetch-policy'

const blockTokens = 8
const prompt = Array.from({ length: 3 * blockTokens + 2 }, (_, i) => i + 1)

function modelWith(kvc: MemoryCache, choose = (usable: number) => usable): CachedModel {
  const engine = new SyntheticEngine({
    kvcBytesPerToken: 4,
    prefillTokensPerS: 1e6,
    prefillQuadraticS: 0,
    decodeTokensPerS: 1e6,
  })
  return { engine, kvc, blockTokens, fetchPolicy: { ...fetchAlways, choose } }
}

function ask(model: CachedModel, given: readonly number[] = prompt, onStep?: (step: AnswerStep) => void) {
  const signal = new AbortController().signal
  return answerRequest(model, { prompt: given, maxTokens: 3, signal, ...(onStep && { onStep }) })
}

test('stores what is not cached, once', async () => {
  const cache = new MemoryCache()
  const model = modelWith(cache)
  expect(await ask(model)).toMatchObject({ blocksHit: 0, bytesWritten: 3 * blockTokens * 4 })
  expect(await ask(model)).toMatchObject({ blocksHit: 3, bytesWritten: 0, setMs: null })
  // Of a prompt of exactly two blocks one can be used; the other is there all the same.
  expect(await ask(model, prompt.slice(0, 2 * blockTokens))).toMatchObject({ blocksHit: 1, bytesWritten: 0 })
  expect(cache.stores).toEqual([3])
})

test('does not store again what it chose not to fetch', async () => {
  const cache = new MemoryCache()
  await ask(modelWith(cache))
  expect(await ask(modelWith(cache, () => 1))).toMatchObject({ blocksHit: 1, bytesWritten: 0 })
  expect(await ask(modelWith(cache, () => 0))).toMatchObject({ blocksHit: 0, bytesWritten: 0 })
  expect(cache.stores).toEqual([3])
})

test('stores a block again that was not whole, and what follows it only if it is missing', async () => {
  const cache = new MemoryCache()
  const model = modelWith(cache)
  await ask(model)
  cache.lose(blockHashes(prompt, blockTokens, model.engine.model.namespace)[1] as Uint8Array)
  expect(await ask(model)).toMatchObject({ blocksHit: 1, bytesWritten: blockTokens * 4 })
  expect(await ask(model)).toMatchObject({ blocksHit: 3, bytesWritten: 0 })
  expect(cache.stores).toEqual([3, 1])
})

test('an answer whose blocks cannot be stored is an answer', async () => {
  const cache = new MemoryCache()
  cache.beforeStore = () => Promise.reject(new Error('no space left'))
  const steps: AnswerStep[] = []
  const measurement = await ask(modelWith(cache), prompt, (step) => steps.push(step))
  expect(measurement).toMatchObject({ status: 'ok', errorCode: null, outputTokens: 3, setMs: null })
  expect(steps.map(({ kind }) => kind)).toEqual(['fetched', 'prefilled', 'answered', 'notStored'])
  expect(steps.at(-1)).toMatchObject({
    error: { message: expect.stringContaining('no space left') as string },
  })
})
