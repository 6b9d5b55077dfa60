import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answerOpenDialog, answerSaveDialog } from '../dialogs'
import { quickExperiment } from '../experiments'
import { expect, test } from '../fixtures'
import { ConsoleWindow } from '../pages/console-window'
import { readReport } from '../report'

test('an experiment written as YAML runs to its end, and its report holds what was measured', async ({
  app,
  page,
  workspace,
  pageErrors,
}) => {
  const window = new ConsoleWindow(page)
  await window.run(quickExperiment)
  await expect(window.main).toContainText('finished', { timeout: 60_000 })
  await window.openRun('Quick')
  await expect(window.main.getByRole('row').filter({ hasText: 'completed' })).toHaveCount(3)

  await answerOpenDialog(app, workspace.results)
  await window.exportCsv()
  const report = await readReport(workspace.results)
  const trials = await report.csv('trials.csv')
  const requests = await report.csv('requests.csv')
  expect(trials).toHaveLength(3)
  expect(requests).toHaveLength(3 * 6 * 3)
  for (const trial of trials) {
    expect(trial).toMatchObject({
      requests: '18',
      failed_requests: '0',
      half_blocks_served: '0',
      wrong_bytes_served: '0',
    })
  }
  const [baseline, ...cached] = trials
  expect(Number(baseline?.['block_hit_rate'])).toBe(0)
  expect(baseline?.['hops_mean']).toBe('')
  for (const trial of cached) {
    expect(Number(trial['block_hit_rate'])).toBeGreaterThan(0.5)
    expect(Number(trial['hops_mean'])).toBeGreaterThanOrEqual(1)
  }
  expect(pageErrors).toEqual([])
})

test('a faulty experiment is refused with its line, and cannot be started', async ({ page }) => {
  const window = new ConsoleWindow(page)
  await window.goTo('Experiments')
  await window.yaml.fill(quickExperiment)
  await expect(window.button('Start run')).toBeEnabled()
  await window.yaml.fill(quickExperiment.replace('servers: 9', 'servers: 99'))
  await expect(window.button('Start run')).toBeDisabled()
  const line = quickExperiment.split('\n').findIndex((text) => text.includes('servers: 9')) + 1
  await expect(window.main.getByRole('region', { name: 'YAML' })).toContainText(`${line}`)
  await expect(window.main.getByRole('region', { name: 'YAML' })).toContainText(/21/)
  await expect(window.yaml).toHaveAttribute('aria-invalid', 'true')
})

test('experiments are opened from files and saved to files', async ({ app, page, workspace }) => {
  const window = new ConsoleWindow(page)
  const file = join(workspace.root, 'mine.yaml')
  await writeFile(file, quickExperiment.replace('name: Quick', 'name: Mine'))
  await window.goTo('Experiments')
  await answerOpenDialog(app, file)
  await window.button('Open an experiment file').click()
  await expect(window.yaml).toHaveValue(/name: Mine/)

  const copy = join(workspace.root, 'copy.yaml')
  await answerSaveDialog(app, copy)
  await window.button('Save the experiment file').click()
  await expect.poll(() => readFile(copy, 'utf8').catch(() => '')).toContain('name: Mine')
})
