import { quickExperiment } from '../experiments'
import { expect, test } from '../fixtures'
import { ConsoleWindow, pageNames } from '../pages/console-window'

/** Every way through the console without a mouse. */

test('each page is there, by its keys and by its link', async ({ page, pageErrors }) => {
  const window = new ConsoleWindow(page)
  await expect(window.heading('Lab')).toBeVisible()
  for (const [index, name] of pageNames.entries()) {
    await page.keyboard.press(name === 'Settings' ? 'Control+,' : `Control+${index + 1}`)
    await expect(window.heading(name)).toBeVisible()
  }
  for (const name of pageNames) await window.goTo(name)
  expect(pageErrors).toEqual([])
})

test('the first stop of Tab skips to the page', async ({ page }) => {
  const window = new ConsoleWindow(page)
  await expect(window.heading('Lab')).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true)
})

test('the palette carries out commands', async ({ page }) => {
  const window = new ConsoleWindow(page)
  await expect(window.heading('Lab')).toBeVisible()
  for (const theme of ['dark', 'light']) {
    await page.keyboard.press('Control+K')
    await expect(page.getByRole('dialog', { name: 'Commands' })).toBeVisible()
    await page.keyboard.type(`use the ${theme}`)
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog', { name: 'Commands' })).toBeHidden()
    const scheme = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)
    await expect.poll(scheme).toBe(theme)
  }
})

test('an experiment is set up, started and looked at by keys alone', async ({ page }) => {
  const window = new ConsoleWindow(page)
  await expect(window.heading('Lab')).toBeVisible()
  await page.keyboard.press('Control+3')
  await expect(window.heading('Experiments')).toBeVisible()
  await window.yaml.focus()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(quickExperiment)
  await expect(window.button('Start run')).toBeEnabled()
  await window.button('Start run').focus()
  await page.keyboard.press('Enter')
  await expect(window.heading('Live')).toBeVisible()
  await expect(window.main).toContainText('finished', { timeout: 60_000 })

  await page.keyboard.press('Control+5')
  await window.main.getByRole('link', { name: 'Quick' }).focus()
  await page.keyboard.press('Enter')
  await expect(window.heading('Quick')).toBeVisible()
  await window.main.getByRole('tab', { name: 'Summary' }).focus()
  await page.keyboard.press('ArrowRight')
  await expect(window.main.getByRole('tab', { name: 'Requests' })).toHaveAttribute('aria-selected', 'true')
  await expect(window.main.getByRole('table').getByRole('row')).not.toHaveCount(0)
})

test('satellites are walked by arrow keys', async ({ page }) => {
  const window = new ConsoleWindow(page)
  await window.button('Start lab').click()
  await expect(window.status).toContainText('6/6')
  await window.goTo('Constellation')
  // One cell is a stop of Tab; arrows go on from there.
  const stop = window.main
    .getByRole('grid', { name: 'Constellation' })
    .locator('[role="gridcell"][tabindex="0"]')
  await stop.focus()
  const [slot = 0, plane = 0] =
    ((await stop.getAttribute('aria-label')) ?? '').match(/\d+/g)?.map(Number) ?? []
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('gridcell', { name: `Slot ${slot + 1}, plane ${plane},` })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  const below = page.getByRole('gridcell', { name: `Slot ${slot + 1}, plane ${plane + 1},` })
  await expect(below).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(below).toHaveAttribute('aria-selected', 'true')
})

test('the menu reaches the pages', async ({ app, page }) => {
  const window = new ConsoleWindow(page)
  await expect(window.heading('Lab')).toBeVisible()
  const choose = (label: string): Promise<void> =>
    app.evaluate(({ Menu, BrowserWindow }, wanted) => {
      const items = Menu.getApplicationMenu()?.items.flatMap((menu) => menu.submenu?.items ?? []) ?? []
      const item = items.find((candidate) => candidate.label === wanted)
      if (item === undefined) throw new Error(`no menu item ${wanted}`)
      const click = item.click as (event: unknown, window: unknown) => void
      click(undefined, BrowserWindow.getAllWindows()[0])
    }, label)
  await choose('Settings')
  await expect(window.heading('Settings')).toBeVisible()
  await choose('New experiment')
  await expect(window.heading('Experiments')).toBeVisible()
  await choose('Command palette …')
  await expect(page.getByRole('dialog', { name: 'Commands' })).toBeVisible()
})
