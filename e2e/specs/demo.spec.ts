import { answerOpenDialog } from '../dialogs'
import { expect, test } from '../fixtures'
import { ConsoleWindow } from '../pages/console-window'
import { readReport } from '../report'

/** The main job by one click, from a checkout and packaged: the lab starts, charts move, the report is saved. */
for (const build of ['checkout', 'inspectable'] as const) {
  test.describe(`the demo in the ${build} build`, () => {
    test.use({ build })

    test('runs by one click, moves the charts, and is exported', async ({
      app,
      page,
      workspace,
      pageErrors,
    }) => {
      const window = new ConsoleWindow(page)
      await window.button('Run demo').click()
      await expect(window.heading('Live')).toBeVisible()
      await expect(window.status).toContainText('6/6')
      await expect(window.status).toContainText(/trial 1\/7/)

      // The charts take in what is measured, and go on doing so.
      await expect.poll(() => window.samples('TTFT p50')).toBeGreaterThan(2)
      const seen = await window.samples('TTFT p50')
      await expect.poll(() => window.samples('TTFT p50')).toBeGreaterThan(seen)
      await expect(
        window.main
          .getByRole('region', { name: 'TTFT p50' })
          .getByRole('img', { name: /cache off: last \d+/ }),
      ).toBeVisible()

      await window.button('Cancel run').click()
      await window.openRun('Demo')
      await expect(window.main).toContainText('cancelled')
      await answerOpenDialog(app, workspace.results)
      await window.exportCsv()

      const report = await readReport(workspace.results)
      expect(report.files).toEqual([
        'manifest.json',
        'requests.csv',
        'satellites.csv',
        'timeline.csv',
        'trials.csv',
      ])
      // The requests that the cancelling cut short are in the report too, as such.
      const answered = (await report.csv('requests.csv')).filter(({ status }) => status === 'ok')
      expect(answered.length).toBeGreaterThan(seen)
      expect(answered.every(({ ttft_ms }) => Number(ttft_ms) > 0)).toBe(true)
      expect(pageErrors).toEqual([])
    })
  })
}
