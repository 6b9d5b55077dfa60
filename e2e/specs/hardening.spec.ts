import type { Page } from '@playwright/test'
import { engineCall } from '../engine-call'
import { expect, test } from '../fixtures'

interface PreferencesOf {
  getLastWebPreferences(): Electron.WebPreferences
}

/** What the window must not be able to do; the same facts hold from a checkout and packaged. */
for (const build of ['checkout', 'inspectable'] as const) {
  test.describe(`the window of the ${build} build`, () => {
    test.use({ build })

    test('opens the console, and the engine answers', async ({ page, app, pageErrors }) => {
      await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible()
      expect(page.url()).toMatch(/^app:\/\/console\/index\.html/)
      const answer = await engineCall(page, 'info')
      const version = await app.evaluate(({ app: electronApp }) => electronApp.getVersion())
      expect(answer).toMatchObject({ ok: true, value: { version, nodeVersion: expect.any(String) } })
      expect(pageErrors).toEqual([])
    })

    test('has no Node, and only the named functions of the desktop', async ({ page }) => {
      const found = await page.evaluate(() => ({
        node: ['require', 'process', 'Buffer', 'module', 'global', '__dirname'].filter(
          (name) => name in window,
        ),
        desktop: Object.keys(window.desktop).sort(),
        engine: Object.keys(window.engine),
        frozen: Reflect.set(window, 'desktop', null),
      }))
      expect(found.node).toEqual([])
      expect(found.engine).toEqual(['connect'])
      expect(found.frozen).toBe(false)
      expect(found.desktop).toEqual([
        'chooseDirectory',
        'chooseKeyFile',
        'chooseModelFile',
        'chooseTraceFile',
        'copyText',
        'onCommand',
        'openExperimentFile',
        'openExternal',
        'openInventoryFile',
        'pathOfDropped',
        'platform',
        'saveExperimentFile',
        'saveFile',
        'setTheme',
        'showInFolder',
        'versions',
      ])
    })

    test('is sandboxed and isolated', async ({ app, page }) => {
      await page.waitForLoadState()
      const preferences = await app.evaluate(({ webContents }) =>
        webContents
          .getAllWebContents()
          // Electron has it for its own tests, and does not name it in its types.
          .map((contents) => (contents as unknown as PreferencesOf).getLastWebPreferences()),
      )
      expect(preferences).toHaveLength(1)
      expect(preferences[0]).toMatchObject({
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
      })
    })

    test('loads under a strict content policy', async ({ page }) => {
      const policy = await page.evaluate(async () => {
        const answer = await fetch('app://console/index.html')
        return answer.headers.get('content-security-policy')
      })
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("script-src 'self'")
      expect(policy).not.toContain('unsafe')
      const ran = await page.evaluate(() => {
        const script = document.createElement('script')
        try {
          script.textContent = 'window.injected = true'
          document.head.append(script)
        } catch {
          return 'refused'
        }
        return 'injected' in window ? 'ran' : 'blocked'
      })
      expect(ran).not.toBe('ran')
      const compiled = await page.evaluate(
        () =>
          // Not at once: what the debugger evaluates itself may compile code whatever the policy says.
          new Promise((resolve) =>
            setTimeout(() => {
              try {
                // eslint-disable-next-line @typescript-eslint/no-implied-eval -- this is what must fail
                resolve(new Function('return 1'))
              } catch (error) {
                resolve((error as Error).name)
              }
            }),
          ),
      )
      expect(compiled).toBe('EvalError')
    })

    test('reaches neither the network nor files beside its own', async ({ page }) => {
      for (const address of [
        'https://example.com/',
        'http://127.0.0.1:1/',
        'file:///etc/hostname',
        'app://elsewhere/index.html',
      ]) {
        expect(await fetchStatus(page, address), address).toBe('failed')
      }
      for (const address of [
        'app://console/../electron/main.js',
        'app://console/%2e%2e/electron/main.js',
        'app://console/..%2felectron%2fmain.js',
        'app://console/assets/..%2f..%2felectron/main.js',
        'app://console/..%5celectron%5cmain.js',
      ]) {
        expect(await fetchStatus(page, address), address).toBe(404)
      }
    })

    test('goes nowhere and opens nothing', async ({ app, page }) => {
      await app.evaluate(({ shell }) => {
        const opened: string[] = []
        Object.assign(globalThis, { opened })
        shell.openExternal = (url) => Promise.resolve(void opened.push(url))
      })
      const opened = await page.evaluate(() => [
        window.open('https://example.com/'),
        window.open('app://console/index.html'),
        window.open('https://arxiv.org/abs/2505.14427'),
      ])
      expect(opened).toEqual([null, null, null])
      await page.evaluate(() => window.location.assign('https://example.com/'))
      await page.evaluate(() => window.location.assign('app://elsewhere/'))
      await page.evaluate(() => {
        const frame = document.createElement('iframe')
        frame.src = 'https://example.com/'
        document.body.append(frame)
      })
      // Asked of the page itself: Playwright goes on waiting for navigations that were prevented.
      expect(await page.evaluate(() => window.location.href)).toMatch(/^app:\/\/console\/index\.html/)
      expect(await page.evaluate(() => document.querySelector('iframe')?.contentDocument ?? null)).toBeNull()
      expect(app.windows()).toHaveLength(1)
      // Only the link of the list went to the browser.
      expect(await app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened)).toEqual([
        'https://arxiv.org/abs/2505.14427',
      ])
    })

    test('is refused every permission', async ({ page }) => {
      const refusals = await page.evaluate(async () => ({
        notifications: await Notification.requestPermission(),
        camera: await navigator.mediaDevices
          .getUserMedia({ video: true })
          .catch((error: Error) => error.name),
        geolocation: await new Promise((resolve) =>
          navigator.geolocation.getCurrentPosition(
            () => resolve('granted'),
            (error) => resolve(error.code),
          ),
        ),
        clipboard: await navigator.clipboard.readText().then(
          () => 'granted',
          (error: Error) => error.name,
        ),
      }))
      expect(refusals).toEqual({
        notifications: 'denied',
        camera: expect.stringMatching(/NotAllowedError|NotFoundError/),
        geolocation: 1,
        clipboard: 'NotAllowedError',
      })
    })

    test('is answered by error envelopes, not by thrown errors', async ({ page }) => {
      const answers = await page.evaluate(async () => [
        await window.desktop.openExternal('https://example.com/'),
        await window.desktop.showInFolder('relative/path'),
        await window.desktop.setTheme('pink' as 'dark'),
      ])
      expect(answers).toMatchObject([
        { ok: false, error: { code: 'unauthorised' } },
        { ok: false, error: { code: 'invalid_argument' } },
        { ok: false, error: { code: 'invalid_argument' } },
      ])
    })
  })
}

async function fetchStatus(page: Page, address: string): Promise<number | 'failed'> {
  return page.evaluate(
    (url) =>
      fetch(url).then(
        (answer) => answer.status,
        () => 'failed' as const,
      ),
    address,
  )
}
