import { thisMachine } from '../../lab/models/this-machine'
import { answerOpenDialog } from '../dialogs'
import { firstWindow } from '../first-window'
import { expect, test } from '../fixtures'
import { registryMissing } from '../package-registry'
import { ConsoleWindow } from '../pages/console-window'
import { randomModel } from '../random-model'

// The packaged app has nothing of llama.cpp beside it, as a user's has not.
test.use({ build: 'inspectable' })

/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9'

test('llama.cpp is installed by the window, and runs a model in a lab that had started without it', async ({
  launch,
  workspace,
}) => {
  const why = thisMachine().problem?.message ?? (await registryMissing())
  test.skip(why !== '', why)
  test.slow()
  const { environment } = workspace
  delete environment['SKYMEMORY_LLAMA']
  const { npm_config_registry: registry } = environment
  environment['npm_config_registry'] = nowhere
  const alone = await launch()
  let page = await firstWindow(alone)
  let window = new ConsoleWindow(page)
  await window.goTo('Chat')
  const notice = (): ReturnType<typeof page.getByRole> =>
    window.main.getByRole('region', { name: 'llama.cpp' })
  await expect(notice()).toContainText('llama.cpp is not installed')
  await notice()
    .getByRole('button', { name: /^Install llama\.cpp/ })
    .click()
  await expect(window.main.getByRole('alert')).toContainText('cannot be downloaded', { timeout: 30_000 })
  await expect(window.main.getByRole('alert')).toContainText("npm's registry setting")
  await answerOpenDialog(alone, workspace.root)
  await window.button('From a folder').click()
  await expect(window.main.getByRole('alert')).toContainText(/lacks \d+ of \d+ packages/)
  await alone.close()

  if (registry === undefined) delete environment['npm_config_registry']
  else environment['npm_config_registry'] = registry
  const app = await launch()
  page = await firstWindow(app)
  window = new ConsoleWindow(page)
  await window.button('Start lab').click()
  await expect(window.status).toContainText('6/6')
  await window.goTo('Chat')
  await answerOpenDialog(app, await randomModel(workspace.root))
  await window.button('Choose file').click()
  await expect(window.button('Start')).toBeDisabled()
  await window.command('Install llama.cpp')
  const progress = notice().getByRole('progressbar', { name: 'Installing llama.cpp' })
  await expect(progress).toBeVisible()
  await expect(notice().getByRole('status')).toContainText(/Unpacking, \d+ of \d+ packages/, {
    timeout: 120_000,
  })
  await expect(notice()).toBeHidden({ timeout: 120_000 })

  await window.button('Start').click()
  const message = window.main.getByRole('textbox', { name: 'Message' })
  await expect(message).toBeFocused({ timeout: 60_000 })
  await window.main.getByRole('spinbutton', { name: 'Up to' }).fill('4')
  await message.fill('Hello, sky.')
  await page.keyboard.press('Enter')
  const turn = window.main.getByRole('article', { name: 'Turn 1' })
  await expect(turn).toContainText(/blocks from the sky · TTFT/, { timeout: 60_000 })
})
