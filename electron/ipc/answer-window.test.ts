import type { WebContents } from 'electron'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { desktopContract } from '#shared/contract/desktop-api'
import { SkyError } from '#shared/contract/errors'
import { answerWindow, tellWindow, type DesktopHandlers } from './answer-window'

const { handle } = vi.hoisted(() => ({ handle: vi.fn<(channel: string, listener: unknown) => void>() }))
vi.mock('electron', () => ({ ipcMain: { handle } }))

type Listener = (event: object, params: unknown) => Promise<unknown>

const page = { senderFrame: { url: 'app://console/index.html', parent: null }, sender: { id: 1 } }
const strangers = [
  { ...page, senderFrame: null },
  { ...page, senderFrame: { url: 'app://console/index.html', parent: {} } },
  { ...page, senderFrame: { url: 'https://example.com/', parent: null } },
]

const handlers = Object.fromEntries(
  Object.keys(desktopContract.methods).map((method) => [method, vi.fn(() => null)]),
) as unknown as DesktopHandlers
const channels = new Map<string, Listener>()

beforeEach(() => {
  vi.clearAllMocks()
  answerWindow(handlers)
  channels.clear()
  for (const [channel, listener] of handle.mock.calls) channels.set(channel, listener as Listener)
})

const ask = (method: string, params: unknown, from: object = page): Promise<unknown> =>
  channels.get(`desktop:${method}`)?.(from, params) ?? Promise.reject(new Error(`no one answers ${method}`))

describe('the desktop', () => {
  it('answers exactly the methods of the contract', () => {
    expect([...channels.keys()]).toEqual(
      Object.keys(desktopContract.methods).map((name) => `desktop:${name}`),
    )
  })

  it.each(Object.keys(desktopContract.methods))('refuses %s to all but its own page', async (method) => {
    for (const stranger of strangers) {
      expect(await ask(method, {}, stranger)).toMatchObject({ ok: false, error: { code: 'unauthorised' } })
    }
    expect(handlers[method as keyof DesktopHandlers]).not.toHaveBeenCalled()
  })

  it('checks what it is asked before it does anything', async () => {
    expect(await ask('setTheme', { theme: 'pink' })).toMatchObject({
      ok: false,
      error: { code: 'invalid_argument' },
    })
    expect(await ask('copyText', null)).toMatchObject({ ok: false, error: { code: 'invalid_argument' } })
    expect(handlers.setTheme).not.toHaveBeenCalled()
    expect(await ask('setTheme', { theme: 'dark' })).toEqual({ ok: true, value: null })
    expect(handlers.setTheme).toHaveBeenCalledWith({ theme: 'dark' }, page.sender)
  })

  it('answers a failure in an envelope, with its code', async () => {
    vi.mocked(handlers.copyText).mockRejectedValueOnce(new SkyError('export_failed', 'no room', 'Free some.'))
    expect(await ask('copyText', { text: 'x' })).toEqual({
      ok: false,
      error: { code: 'export_failed', message: 'no room', hint: 'Free some.', details: {} },
    })
  })
})

it('a window that is gone is told nothing', () => {
  const send = vi.fn()
  const window = (gone: boolean) => ({ isDestroyed: () => gone, send }) as unknown as WebContents
  tellWindow(window(true), 'command', 'settings')
  expect(send).not.toHaveBeenCalled()
  tellWindow(window(false), 'command', 'settings')
  expect(send).toHaveBeenCalledWith('desktop:command', 'settings')
})
