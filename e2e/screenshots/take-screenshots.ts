import type { ElectronApplication } from '@playwright/test'
import { join } from 'node:path'
import { expect, test } from '../fixtures'
import { ConsoleWindow, type PageName } from '../pages/console-window'

const themes = ['dark', 'light'] as const
const sizes = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const

const directory = join('docs', 'screenshots')

/** A way to what a picture shows. */
type Show = (window: ConsoleWindow) => Promise<void>

const page =
  (name: PageName): Show =>
  (window) =>
    window.goTo(name)

const whileRunning: Readonly<Record<string, Show>> = {
  live: page('Live'),
  constellation: page('Constellation'),
  lab: page('Lab'),
}

const afterwards: Readonly<Record<string, Show>> = {
  experiments: page('Experiments'),
  runs: page('Runs'),
  run: (window) => window.openRun('Demo'),
  settings: page('Settings'),
}

test('every page, in both themes and two sizes', async ({ app, page: appPage }) => {
  const window = new ConsoleWindow(appPage)
  await window.button('Run demo').click()
  // Far enough for both numbers of servers and two strategies to be on the charts.
  await expect(window.status).toContainText(/trial [56]\/7/)
  await takeAll(app, window, whileRunning)
  await window.goTo('Live')
  await expect(window.main).toContainText('finished')
  await takeAll(app, window, afterwards)
})

async function takeAll(
  app: ElectronApplication,
  window: ConsoleWindow,
  pictures: Readonly<Record<string, Show>>,
): Promise<void> {
  for (const theme of themes) {
    await window.command(`Use the ${theme} theme`)
    for (const { width, height } of sizes) {
      await resize(app, window, width, height)
      for (const [name, show] of Object.entries(pictures)) {
        await show(window)
        await settle(window)
        await window.page.screenshot({ path: join(directory, `${name}-${theme}-${width}x${height}.png`) })
      }
    }
  }
}

async function resize(
  app: ElectronApplication,
  window: ConsoleWindow,
  width: number,
  height: number,
): Promise<void> {
  await app.evaluate(
    ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height),
    { width, height },
  )
  const inner = (): Promise<number[]> => window.page.evaluate(() => [innerWidth, innerHeight])
  await expect.poll(inner).toEqual([width, height])
}

/** Let notices go and data be drawn. */
async function settle(window: ConsoleWindow): Promise<void> {
  await window.page.evaluate(() => document.fonts.ready)
  await window.page.mouse.move(0, 0)
  // Charts draw with the next data, twice a second.
  await window.page.waitForTimeout(1_200)
}
