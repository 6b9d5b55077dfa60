import type { App, Session } from 'electron'
import { describe, expect, it, vi } from 'vitest'
import { securityHeaders } from './content-policy'
import { limitSession } from './session-limits'
import { limitWebContents } from './web-contents-limits'

const { openExternal } = vi.hoisted(() => ({ openExternal: vi.fn(async () => undefined) }))
vi.mock('electron', () => ({ shell: { openExternal } }))

type Call = (...args: never[]) => unknown

/** A session that remembers its handlers. */
function aSession() {
  const set: Record<string, Call> = {}
  const keep = (name: string) => (handler: Call) => void (set[name] = handler)
  limitSession({
    setPermissionRequestHandler: keep('request'),
    setPermissionCheckHandler: keep('check'),
    setDevicePermissionHandler: keep('device'),
    setBluetoothPairingHandler: keep('bluetooth'),
    on: (name: string, handler: Call) => keep(name)(handler),
    webRequest: { onBeforeRequest: keep('before') },
  } as unknown as Session)
  return (name: string, ...args: unknown[]): unknown => set[name]?.(...(args as never[]))
}

describe('the session', () => {
  it('grants no permission and no device', () => {
    const ask = aSession()
    const answer = vi.fn()
    ask('request', {}, 'media', answer)
    ask('bluetooth', {}, answer)
    expect(answer.mock.calls).toEqual([[false], [{ confirmed: false }]])
    expect([ask('check'), ask('device')]).toEqual([false, false])
  })

  it('downloads nothing', () => {
    const event = { preventDefault: vi.fn() }
    aSession()('will-download', event)
    expect(event.preventDefault).toHaveBeenCalled()
  })

  it.each([
    ['app://console/index.html', false],
    ['data:image/png;base64,AA', false],
    ['blob:app://console/1', false],
    ['https://example.com/', true],
    ['http://127.0.0.1:8080/', true],
    ['ws://127.0.0.1:8080/', true],
    ['file:///etc/passwd', true],
    ['application:x', true],
  ])('loads its own addresses only: %s is cancelled: %s', (url, cancel) => {
    const answer = vi.fn()
    aSession()('before', { url }, answer)
    expect(answer).toHaveBeenCalledWith({ cancel })
  })
})

describe('a page', () => {
  const here = 'app://console/index.html'

  function aPage() {
    const on = new Map<string, Call>()
    let open: Call = () => undefined
    const contents = {
      getURL: () => here,
      setWindowOpenHandler: (handler: Call) => (open = handler),
      on: (name: string, handler: Call) => on.set(name, handler),
    }
    limitWebContents({
      on: (_name: string, created: (event: object, made: object) => void) => created({}, contents),
    } as unknown as App)
    const prevented = (name: string, event: object = {}): boolean => {
      const preventDefault = vi.fn()
      on.get(name)?.({ ...event, preventDefault } as never)
      return preventDefault.mock.calls.length > 0
    }
    return { prevented, open: (url: string) => open({ url } as never) }
  }

  it('goes nowhere but to itself', () => {
    const { prevented } = aPage()
    expect(prevented('will-navigate', { url: here })).toBe(false)
    expect(prevented('will-navigate', { url: 'https://example.com/' })).toBe(true)
    expect(prevented('will-navigate', { url: 'app://elsewhere/' })).toBe(true)
    expect(prevented('will-frame-navigate', { isMainFrame: true })).toBe(false)
    expect(prevented('will-frame-navigate', { isMainFrame: false })).toBe(true)
    expect(prevented('will-redirect')).toBe(true)
    expect(prevented('will-attach-webview')).toBe(true)
  })

  it('opens no window; known links go to the browser', () => {
    const { open } = aPage()
    expect(open('https://example.com/')).toEqual({ action: 'deny' })
    expect(openExternal).not.toHaveBeenCalled()
    expect(open('https://arxiv.org/abs/2505.14427')).toEqual({ action: 'deny' })
    expect(openExternal).toHaveBeenCalledWith('https://arxiv.org/abs/2505.14427')
  })

  it('runs its own scripts only', () => {
    const policy = securityHeaders['Content-Security-Policy']?.split('; ')
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]),
    )
    expect(policy?.join()).not.toMatch(/unsafe|\*|https?:/)
  })
})
