import type { Locator } from '@playwright/test'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { answerOpenDialog, answerSaveDialog } from '../dialogs'
import { expect, test } from '../fixtures'
import { ConsoleWindow } from '../pages/console-window'
import { smallTrace, smallTraceFacts } from '../traces'

async function csvAt(path: string): Promise<Record<string, string>[]> {
  await expect.poll(() => readFile(path, 'utf8').catch(() => '')).not.toBe('')
  return parse(await readFile(path, 'utf8'), { columns: true })
}

function field(window: ConsoleWindow, name: string): Locator {
  return window.main.getByRole('textbox', { name, exact: true })
}

test('the latency model follows its form, and refuses what is wrong', async ({
  app,
  page,
  workspace,
  pageErrors,
}) => {
  const window = new ConsoleWindow(page)
  await window.goTo('Simulation')
  const summary = window.main.getByRole('table', { name: "The form's configuration" })
  const worst = (strategy: string): Locator =>
    summary.getByRole('row', { name: strategy }).getByRole('cell').first()
  // The last row of the authors' own table for rotation: 0.5250 s.
  await expect(worst('rotation').first()).toHaveText(/^525\sms$/)
  await expect(window.main.getByRole('region', { name: 'Worst latency by KVC size' })).toContainText('n = 63')

  await field(window, 'Servers').fill('9')
  await expect(worst('rotation').first()).toHaveText(/^4,\d{3}\sms$/)
  await field(window, 'Servers').fill('226')
  await expect(window.main.getByRole('alert')).toContainText('Allowed for servers: 1 to 225.')
  await expect(field(window, 'Servers')).toHaveAttribute('aria-invalid', 'true')
  await expect(window.button('Export CSV')).toBeDisabled()
  await field(window, 'Servers').fill('81')
  await expect(window.main.getByRole('alert')).toBeHidden()

  const file = join(workspace.root, 'latency.csv')
  await answerSaveDialog(app, file)
  await window.button('Export CSV').click()
  const rows = await csvAt(file)
  expect(rows).toHaveLength(3 * (21 + 4 + 10 + 9))
  expect(rows[0]).toMatchObject({
    figure: 'KVC_BYTES',
    strategy: 'rotation',
    kvc_bytes: '1048576',
    servers: '81',
  })
  expect(pageErrors).toEqual([])
})

test('the layout of chunks is walked by arrow keys, and turns', async ({ page }) => {
  const window = new ConsoleWindow(page)
  await expect(window.heading('Lab')).toBeVisible()
  await page.keyboard.press('Control+6')
  await expect(window.heading('Simulation')).toBeVisible()
  const grid = window.main.getByRole('grid', { name: 'Chunk layout' })
  await grid.locator('[role="gridcell"][tabindex="0"]').focus()
  await expect(page.getByRole('gridcell', { name: 'Slot 7, plane 7, centre, server 40,' })).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect(window.main).toContainText('Server 41 at slot 8, plane 7')
  await window.button('One rotation on').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('gridcell', { name: 'Slot 6, plane 7, centre,' })).toBeVisible()
  await expect(field(window, 'Rotations')).toHaveValue('1')
})

// The packaged app has its worker threads in another place.
for (const build of ['checkout', 'inspectable'] as const) {
  test.describe(build, () => {
    test.use({ build })

    test('a trace is replayed by keys alone, and its hit rates are exported', async ({
      app,
      page,
      workspace,
      pageErrors,
    }) => {
      const window = new ConsoleWindow(page)
      await expect(window.heading('Lab')).toBeVisible()
      await page.keyboard.press('Control+6')
      await expect(window.heading('Simulation')).toBeVisible()
      await page.keyboard.press('Alt+2')
      await expect(
        window.main.getByRole('heading', { name: 'Which hit rate can a cache reach?' }),
      ).toBeVisible()
      await answerOpenDialog(app, await smallTrace(workspace.root))
      await page.keyboard.press('Control+Shift+O')
      await expect(window.main.getByRole('region', { name: 'Trace' })).toContainText('Mooncake JSONL')

      await field(window, 'Capacities').focus()
      await page.keyboard.press('Control+A')
      await page.keyboard.insertText('10, 100')
      await page.keyboard.press('Control+Enter')
      const replay = window.main.getByRole('region', { name: 'Replay', exact: true })
      await expect(replay).toContainText('finished', { timeout: 60_000 })
      await expect(window.main.getByRole('region', { name: 'Block hit rate by capacity' })).toContainText(
        'n = 400',
      )
      // The ceiling, and three policies at two capacities, below the line of headers.
      await expect(window.main.getByRole('region', { name: 'Caches' }).getByRole('row')).toHaveCount(8)

      const file = join(workspace.root, 'replay.csv')
      await answerSaveDialog(app, file)
      await page.keyboard.press('Control+E')
      const rows = await csvAt(file)
      expect(rows).toHaveLength(7)
      expect(rows[0]).toMatchObject({
        capacity_blocks: 'inf',
        requests: '400',
        blocks: '1200',
        format: 'mooncake',
      })
      expect(Number(rows[0]?.['block_hit_rate'])).toBeCloseTo(smallTraceFacts.ceiling, 12)
      for (const row of rows) {
        expect(Number(row['block_hit_rate'])).toBeLessThanOrEqual(smallTraceFacts.ceiling)
      }
      expect(pageErrors).toEqual([])
    })

    test('an experiment is simulated, marked as such, and compared', async ({ page, pageErrors }) => {
      const window = new ConsoleWindow(page)
      await window.goTo('Simulation')
      await window.main.getByRole('tab', { name: 'System' }).click()
      await expect(window.main.getByRole('heading', { name: 'Nothing to compare yet' })).toBeVisible()
      for (let runs = 1; runs <= 2; runs++) {
        await window.button('Start simulation').click()
        await expect(window.button('Start simulation')).toBeHidden()
        await expect(window.button('Open its results')).toBeVisible({ timeout: 60_000 })
      }
      const bars = window.main.getByRole('region', { name: 'Block hit rate' }).first()
      await expect(bars).toContainText('rotation, 9 servers · simulated A')
      await expect(bars).toContainText('rotation, 9 servers · simulated B')
      // The same seed: nothing differs.
      const differences = window.main.getByRole('region', { name: 'simulated B against simulated A' })
      await expect(differences.getByRole('row', { name: /^rotation, 9 servers( 0\.0\s%){6}$/ })).toBeVisible()

      await window.button('Open its results').click()
      await expect(window.heading('Demo')).toContainText('simulated')
      await window.goTo('Runs')
      await expect(window.main.getByRole('row').filter({ hasText: 'simulated' })).toHaveCount(2)
      expect(pageErrors).toEqual([])
    })

    test('the figures are drawn for print', async ({ app, page, workspace }) => {
      const window = new ConsoleWindow(page)
      await window.goTo('Simulation')
      await answerOpenDialog(app, workspace.results)
      await window.button('Export figures').click()
      await expect(page.getByText(/14\sfiles exported/).first()).toBeVisible({ timeout: 60_000 })
      const png = await readFile(join(workspace.results, 'latency-servers.png'))
      expect(png.subarray(1, 4).toString()).toBe('PNG')
    })
  })
}

test('a trace with a bad line says which one, and is replayed without it when asked', async ({
  app,
  page,
  workspace,
}) => {
  const window = new ConsoleWindow(page)
  const path = await smallTrace(workspace.root)
  const lines = (await readFile(path, 'utf8')).split('\n')
  lines[6] = '{"timestamp": 600'
  await writeFile(path, lines.join('\n'))
  await window.goTo('Simulation')
  await window.main.getByRole('tab', { name: 'Cache replay' }).click()
  await answerOpenDialog(app, path)
  await window.main.getByRole('button', { name: 'Choose trace' }).first().click()
  await window.main.getByRole('button', { name: 'Start replay' }).first().click()
  await expect(window.main.getByRole('alert')).toContainText('line 7')
  await window.button('Skip bad lines and start again').click()
  const replay = window.main.getByRole('region', { name: 'Replay', exact: true })
  await expect(replay).toContainText('finished')
  await expect(replay).toContainText('Lines skipped')
})

test('a trace drives the whole system over a shell of Starlink', async ({ app, page, workspace }) => {
  const window = new ConsoleWindow(page)
  await window.goTo('Simulation')
  await window.main.getByRole('tab', { name: 'System' }).click()
  await window.button('Constellation').click()
  await page.getByRole('menuitem', { name: 'Starlink, shell 1' }).click()
  await answerOpenDialog(app, await smallTrace(workspace.root, 60))
  await window.button('Trace').click()
  await expect(window.main.getByRole('form', { name: 'System simulation' })).toContainText('small.jsonl')
  await window.button('Start simulation').click()
  await expect(window.button('Open its results')).toBeVisible({ timeout: 60_000 })
  await window.button('Open its results').click()
  await expect(window.heading('Demo')).toContainText('finished')
  await expect(window.main.getByRole('row').filter({ hasText: 'completed' })).toHaveCount(7)
  await window.main.getByRole('tab', { name: 'Requests' }).click()
  await expect(window.main).toContainText(/420\srequests/)
})
