import { describe, expect, it } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import type { InstallProgress, ModelEngine } from '#shared/contract/model-engine-api'
import { withEngine, withStores } from '../testing/with-stores'
import { useModelEngine } from './model-engine'

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

async function withoutIt(state: ModelEngine['state'] = 'absent') {
  const { engine, use } = withStores()
  engine.modelEngine.found = { ...engine.modelEngine.found, state, version: null }
  const store = use(useModelEngine)
  await store.refresh()
  return { engine, store }
}

describe('llama.cpp in the window', () => {
  it.each([
    ['absent', true],
    ['incomplete', true],
    ['other version', false],
    ['installed', false],
  ] as const)('is missing or not when it is %s', async (state, isMissing) => {
    expect((await withoutIt(state)).store.isMissing).toBe(isMissing)
  })

  it('is installed with progress', async () => {
    const { engine, store } = await withoutIt()
    const installing = store.install()
    expect(store.progress).toMatchObject({ done: 0, fraction: 0 })
    const seen: InstallProgress[] = []
    while (store.progress !== null) {
      engine.advance(200)
      await turn()
      if (store.progress !== null) seen.push(store.progress)
    }
    await installing
    expect(seen.some(({ fraction }) => fraction > 0 && fraction < 1)).toBe(true)
    expect(store.found).toMatchObject({ state: 'installed', version: '3.22.1' })
    expect([store.isMissing, store.error]).toEqual([false, null])
  })

  it('stays missing when its installation is cancelled, which is no error', async () => {
    const { engine, store } = await withoutIt()
    const installing = store.install()
    engine.advance(200)
    await turn()
    store.cancel()
    engine.advance(200)
    await installing
    expect([store.isMissing, store.error, store.progress]).toEqual([true, null, null])
  })

  it('says why it cannot be installed, and can be tried again', async () => {
    const asked: (string | null)[] = []
    const { use } = withEngine({
      installModelEngine: ({ from }) => {
        asked.push(from)
        throw new SkyError('unreachable', 'no registry answers', 'Look at the network.')
      },
    })
    const store = use(useModelEngine)
    await store.install()
    await store.install('/media/usb')
    expect(store.error).toMatchObject({ code: 'unreachable', hint: 'Look at the network.' })
    expect([asked, store.progress]).toEqual([[null, '/media/usb'], null])
  })
})
