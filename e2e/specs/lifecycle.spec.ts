import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { engineCall } from '../engine-call'
import { expect, test } from '../fixtures'
import { firstWindow } from '../first-window'
import { labHosts, startLab } from '../lab'
import { isAlive } from '../processes'

/** Starting, ending and being killed: what lives, what is kept, what is said. */

test('a second start brings the first window forward and ends', async ({ builds, workspace, app, page }) => {
  await page.waitForLoadState()
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize())
  const { executable, args } = builds.checkout
  const second = spawn(executable, [...args, `--user-data-dir=${workspace.profile}`], {
    env: workspace.environment,
    stdio: 'ignore',
  })
  const [code] = (await once(second, 'exit')) as [number | null]
  expect(code).toBe(0)
  expect(app.windows()).toHaveLength(1)
  await expect
    .poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized()))
    .toBe(false)
})

test('the window opens where it was left', async ({ launch }) => {
  const first = await launch()
  await firstWindow(first)
  const left = { x: 120, y: 80, width: 1200, height: 760 }
  await first.evaluate(
    ({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds),
    left,
  )
  await first.close()

  const second = await launch()
  await firstWindow(second)
  const bounds = await second.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds())
  expect(bounds).toMatchObject({ width: left.width, height: left.height })
})

test('quitting stops the lab', async ({ app, page }) => {
  const agents = await startLab(page)
  expect(agents.every(isAlive)).toBe(true)
  await app.close()
  expect(agents.filter(isAlive)).toEqual([])
})

test('a killed app leaves no process behind', async ({ app, page }) => {
  const agents = await startLab(page)
  const own = await app.evaluate(({ app: electronApp }) => electronApp.getAppMetrics().map(({ pid }) => pid))
  const all = [...own, ...agents]
  expect(all.every(isAlive)).toBe(true)
  const ended = once(app.process(), 'exit')
  app.process().kill('SIGKILL')
  await ended
  await expect.poll(() => all.filter(isAlive)).toEqual([])
})

test('a crashed engine is told of, and starts again on request', async ({ app, page }) => {
  const agents = await startLab(page)
  // Electron's dialogs are drawn by the desktop: take their place, and note what they would have said.
  await app.evaluate(({ dialog }) => {
    const asked: Electron.MessageBoxOptions[] = []
    Object.assign(globalThis, { asked })
    dialog.showMessageBox = (...args: unknown[]) => {
      asked.push(args.at(-1) as never)
      return Promise.resolve({ response: 0, checkboxChecked: false })
    }
  })
  const engine = await app.evaluate(({ app: electronApp }) =>
    electronApp.getAppMetrics().find(({ name }) => name === 'SkyMemory lab engine'),
  )
  expect(engine).toBeDefined()
  const reloaded = page.waitForEvent('load')
  process.kill(engine?.pid ?? 0, 'SIGKILL')
  await reloaded

  const asked = await app.evaluate(
    () => (globalThis as unknown as { asked: Electron.MessageBoxOptions[] }).asked,
  )
  expect(asked).toEqual([
    expect.objectContaining({
      message: expect.stringMatching(/lab engine ended unexpectedly/),
      buttons: ['Restart engine', 'Quit'],
    }),
  ])
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible()
  expect(await engineCall(page, 'info')).toMatchObject({ ok: true })
  // Its agents went with it.
  await expect.poll(() => agents.filter(isAlive)).toEqual([])
})

test('an engine that cannot start says why, and starts once it can', async ({ launch, workspace }) => {
  // Two apps with profiles of their own, and one database.
  workspace.environment['SKYMEMORY_DATA'] = join(workspace.root, 'data')
  const first = await launch()
  expect(await engineCall(await firstWindow(first), 'info')).toMatchObject({ ok: true })
  const second = await launch(join(workspace.root, 'other-profile'))
  const page = await firstWindow(second)
  await expect(page.getByRole('main')).toContainText(/in use|open in another|locked/i)
  await first.close()
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible()
  expect(await engineCall(page, 'info')).toMatchObject({ ok: true })
})

test('a killed host is seen at once, and restarted on request', async ({ page }) => {
  await startLab(page)
  const victim = (await labHosts(page)).find(({ role }) => role === 'satellite')
  if (victim?.state.kind !== 'healthy') throw new Error('no healthy satellite host')
  process.kill(victim.state.pid, 'SIGKILL')
  const stateOfVictim = async (): Promise<unknown> =>
    (await labHosts(page)).find(({ hostId }) => hostId === victim.hostId)?.state
  await expect.poll(stateOfVictim).toMatchObject({ kind: 'crashed', signal: 'SIGKILL' })
  expect(await engineCall(page, 'restartHost', { hostId: victim.hostId })).toMatchObject({ ok: true })
  await expect.poll(stateOfVictim).toMatchObject({ kind: 'healthy' })
})
