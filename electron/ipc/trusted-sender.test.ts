import { describe, expect, it } from 'vitest'
import { isTrustedSender } from './trusted-sender'

describe('isTrustedSender', () => {
  it("accepts the main frame of the app's page", () => {
    expect(isTrustedSender({ url: 'app://console/index.html#/live', parent: null })).toBe(true)
  })

  it.each([
    [null],
    [{ url: 'app://console/index.html', parent: {} }],
    [{ url: 'app://elsewhere/index.html', parent: null }],
    [{ url: 'https://console/', parent: null }],
    [{ url: 'file:///app/index.html', parent: null }],
    [{ url: 'about:blank', parent: null }],
    [{ url: '', parent: null }],
  ])('refuses %j', (frame) => {
    expect(isTrustedSender(frame)).toBe(false)
  })
})
