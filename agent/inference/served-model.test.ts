import { expect, test, vi } from 'vitest'
import { MemoryCache } from '../testing/memory-cache'
import { greedy } from './engine/engine'
import { SyntheticEngine } from './engine/synthetic-engine'
import { fetchAlways } from './kvc/fetch-policy'
import { ServedModel, type GenerationEvent, type GenerationRequest } from './served-model'

const blockTokens = 8

function setUp() {
  const cache = new MemoryCache()
  let letStore = (): void => undefined
  const mayStore = new Promise<void>((resolve) => (letStore = resolve))
  cache.beforeStore = () => mayStore
  const engine = new SyntheticEngine({
    kvcBytesPerToken: 4,
    prefillTokensPerS: 1e6,
    prefillQuadraticS: 0,
    decodeTokensPerS: 1e6,
  })
  const observer = { onToken: vi.fn(), onEnd: vi.fn(), onStored: vi.fn() }
  const served = new ServedModel({ engine, kvc: cache, blockTokens, fetchPolicy: fetchAlways }, observer)
  const request: GenerationRequest = {
    prompt: Array.from({ length: 3 * blockTokens }, (_, i) => i + 1),
    maxTokens: 3,
    stop: [],
    sampling: greedy,
    useCache: true,
    signal: new AbortController().signal,
  }
  return { cache, served, observer, request, letStore }
}

/** Up to the end of the answer. */
async function read(events: AsyncGenerator<GenerationEvent>): Promise<GenerationEvent['kind'][]> {
  const kinds: GenerationEvent['kind'][] = []
  for await (const { kind } of events) {
    kinds.push(kind)
    if (kind === 'end' || kind === 'failed') break
  }
  return kinds
}

test('an answer ends with its last token, and its blocks are stored though nobody reads on', async () => {
  const { cache, served, observer, request, letStore } = setUp()
  const kinds = await read(served.generate(request))
  expect(kinds.filter((kind) => kind !== 'text')).toEqual(['begun', 'fetched', 'prefilled', 'end'])
  expect(observer.onEnd).toHaveBeenCalledTimes(1)
  expect(observer.onStored).not.toHaveBeenCalled()
  expect(served.load).toMatchObject({ running: 0, waiting: 0, storing: 1 })
  letStore()
  await vi.waitFor(() => expect(observer.onStored).toHaveBeenCalledTimes(1))
  expect(observer.onStored.mock.calls[0]).toMatchObject([{ status: 'ok', bytesWritten: 96 }, false])
  expect(cache.stores).toEqual([3])
  expect(served.load).toMatchObject({ running: 0, waiting: 0, storing: 0 })
})

test('the next request is answered while the blocks of the one before are stored', async () => {
  const { served, request, letStore } = setUp()
  await read(served.generate(request))
  expect((await read(served.generate({ ...request, prompt: [1, 2, 3] }))).at(-1)).toBe('end')
  letStore()
})

test('who stops reading before the end aborts the request', async () => {
  const { served, observer, request } = setUp()
  for await (const { kind } of served.generate({ ...request, maxTokens: 200_000 })) if (kind === 'text') break
  await vi.waitFor(() => expect(observer.onEnd).toHaveBeenCalledTimes(1))
  expect(observer.onEnd.mock.calls[0]).toMatchObject([{ status: 'cancelled' }, { finish: null }])
  expect(served.load).toMatchObject({ running: 0, storing: 0 })
})
