import { describe, expect, it } from 'vitest'
import { appFile } from './app-files'

const directory = '/app/out/renderer'

describe('appFile', () => {
  it('serves the page and its assets', () => {
    expect(appFile(directory, 'app://console/')).toEqual({
      path: '/app/out/renderer/index.html',
      contentType: 'text/html; charset=utf-8',
    })
    expect(appFile(directory, 'app://console/assets/a%20b.js?x=1#y')?.path).toBe(
      '/app/out/renderer/assets/a b.js',
    )
  })

  it.each([
    ['app://console/../electron/main.js'],
    ['app://console/%2e%2e/electron/main.js'],
    ['app://console/..%2felectron/main.js'],
    ['app://console/assets/..%2f..%2f..%2felectron/main.js'],
    ['app://console/..%5celectron%5cmain.js'],
    ['app://console/%00.html'],
    ['app://console/%E0%A4%A.js'],
    ['app://elsewhere/index.html'],
    ['app://console.evil/index.html'],
    ['file:///etc/passwd.html'],
    ['https://console/index.html'],
    ['app://console/secrets.env'],
    ['not an address'],
  ])('never leaves the folder or the app: %s', (address) => {
    const file = appFile(directory, address)
    expect(file === null || file.path.startsWith(`${directory}/`)).toBe(true)
    if (!address.includes('/../') && !address.includes('%2e%2e/')) expect(file).toBeNull()
  })
})
