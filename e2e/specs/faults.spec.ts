import { once } from 'node:events'
import { longExperiment } from '../experiments'
import { expect, test } from '../fixtures'
import { firstWindow } from '../first-window'
import { labHosts } from '../lab'
import { ConsoleWindow } from '../pages/console-window'

/** What happens to a run when something dies under it. */

test('a killed app loses no record, and the run goes on after a restart', async ({ launch }) => {
  const first = await launch()
  const before = new ConsoleWindow(await firstWindow(first))
  await before.run(longExperiment.replace('sessions: 400', 'sessions: 60'))
  await expect.poll(() => before.samples('TTFT p50')).toBeGreaterThan(20)
  const seen = await before.samples('TTFT p50')
  const ended = once(first.process(), 'exit')
  first.process().kill('SIGKILL')
  await ended

  const second = await launch()
  const after = new ConsoleWindow(await firstWindow(second))
  await after.openRun('Long')
  await expect(after.main).toContainText('interrupted')
  const stored = async (): Promise<number> =>
    Number(/(\d+)\srequests?/.exec((await after.main.textContent()) ?? '')?.[1])
  expect(await stored()).toBeGreaterThanOrEqual(seen)
  await after.goTo('Lab')
  await after.openRun('Long')
  await after.button('Resume run').click()
  await expect(after.main).toContainText('finished', { timeout: 60_000 })
})

test('a killed satellite host is shown, the run goes on, and the host is restarted by a button', async ({
  page,
}) => {
  const window = new ConsoleWindow(page)
  await window.run(longExperiment)
  await expect.poll(() => window.samples('TTFT p50')).toBeGreaterThan(10)
  const victim = (await labHosts(page)).find(({ role }) => role === 'satellite')
  if (victim?.state.kind !== 'healthy') throw new Error('no healthy satellite host')
  process.kill(victim.state.pid, 'SIGKILL')
  await expect(window.status).toContainText('3/4')

  const seen = await window.samples('TTFT p50')
  await expect.poll(() => window.samples('TTFT p50')).toBeGreaterThan(seen)
  await window.goTo('Lab')
  await expect(page.getByRole('alert')).toContainText(victim.hostId)
  await window.main
    .getByRole('button', { name: `Restart ${victim.hostId}` })
    .first()
    .click()
  await expect(window.status).toContainText('4/4')
  await window.goTo('Live')
  await window.button('Cancel run').click()
})
