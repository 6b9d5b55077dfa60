import type { ElectronApplication } from '@playwright/test'
import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { noTestbed, testbedForTest } from '../../lab/testing/testbed'
import { answerOpenDialog } from '../dialogs'
import { expect, test } from '../fixtures'
import { ConsoleWindow, type PageName } from '../pages/console-window'
import { LabPages } from '../pages/lab-pages'
import { llamaMissing, randomModel } from '../random-model'
import { popularDocumentsTrace } from '../traces'

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

/** A kind of simulation. */
function tab(name: string): Show {
  return async (window) => {
    await window.goTo('Simulation')
    await window.main.getByRole('tab', { name }).click()
  }
}

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
  'simulation-latency': tab('Latency model'),
  'simulation-replay': tab('Cache replay'),
  'simulation-system': tab('System'),
}

test('every page, in both themes and two sizes', async ({ app, page: appPage, workspace }) => {
  const window = new ConsoleWindow(appPage)
  await window.button('Run demo').click()
  // Far enough for both numbers of servers and two strategies to be on the charts.
  await expect(window.status).toContainText(/trial [56]\/7/)
  await takeAll(app, window, whileRunning)
  await window.goTo('Live')
  await expect(window.main).toContainText('finished')
  await simulate(app, window, workspace.root)
  await takeAll(app, window, afterwards)
})

test('the page Chat, in both themes', async ({ app, page: appPage, workspace }) => {
  test.skip(llamaMissing !== '', llamaMissing)
  const window = new ConsoleWindow(appPage)
  await window.goTo('Chat')
  await answerOpenDialog(app, await randomModel(workspace.root))
  await window.button('Choose file').click()
  await window.main.getByRole('textbox', { name: 'Block length (tokens)' }).fill('32')
  await appPage.keyboard.press('Tab')
  await window.button('Start').click()
  const message = window.main.getByRole('textbox', { name: 'Message' })
  await expect(message).toBeFocused()
  await window.main.getByRole('spinbutton', { name: 'Up to' }).fill('24')
  await window.main.getByRole('checkbox', { name: 'Ask without the cache too' }).check()
  const questions = ['What does a satellite keep for a language model? '.repeat(4), 'And who asks for it?']
  for (const [turn, question] of questions.entries()) {
    await message.fill(question)
    await appPage.keyboard.press('Enter')
    // Told last: the next question can be asked then.
    const answer = window.main.getByRole('article', { name: `Turn ${turn + 1}` })
    await expect(answer).toContainText('without the cache')
  }
  await expect(window.main).toContainText('Both answers are the same.')
  await takeAll(app, window, { chat: page('Chat') })
})

const missing = noTestbed()

test('the pages of a lab of SSH hosts, in both themes', async ({ app, page: appPage }) => {
  test.skip(missing !== null, missing ?? '')
  const testbed = await testbedForTest({ hosts: 6 })
  try {
    const yaml = await readFile(testbed.state.inventoryFile, 'utf8')
    const lab = /^name: (\S+)/m.exec(yaml)?.[1] ?? ''
    const window = new LabPages(appPage)
    const take = (name: string, show: Show = () => Promise.resolve()): Promise<void> =>
      takeAll(app, window, { [name]: show }, [sizes[0]])
    await window.createLab(yaml)
    await window.preflight()
    // The last checks, and the ways between the hosts.
    await take('hosts-preflight', () => window.main.getByRole('row').last().scrollIntoViewIfNeeded())
    await window.plan()
    await take('hosts-plan')
    await window.apply()
    await window.show('Hosts')
    await window.connect()
    await expect(window.status).toContainText('6/6')
    await take('hosts')
    await window.disconnect()
    await window.removeInstallation(lab)
  } finally {
    await testbed.down()
  }
})

/** A replay of a trace, and a simulation of what the lab has just run. */
async function simulate(app: ElectronApplication, window: ConsoleWindow, folder: string): Promise<void> {
  await tab('Cache replay')(window)
  await answerOpenDialog(app, await popularDocumentsTrace(folder))
  await window.button('Choose trace').first().click()
  await window.main
    .getByRole('textbox', { name: 'Capacities', exact: true })
    .fill('100, 300, 1000, 3000, 10000')
  for (const policy of ['LFU', 'FIFO', 'ARC']) {
    await window.main.getByRole('checkbox', { name: policy, exact: true }).check()
  }
  await window.button('Start replay').first().click()
  await expect(window.main.getByRole('region', { name: 'Replay', exact: true })).toContainText('finished')
  await tab('System')(window)
  await window.button('Start simulation').click()
  await expect(window.button('Open its results')).toBeVisible()
}

async function takeAll(
  app: ElectronApplication,
  window: ConsoleWindow,
  pictures: Readonly<Record<string, Show>>,
  chosen: readonly (typeof sizes)[number][] = sizes,
): Promise<void> {
  for (const theme of themes) {
    await window.command(`Use the ${theme} theme`)
    for (const { width, height } of chosen) {
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
