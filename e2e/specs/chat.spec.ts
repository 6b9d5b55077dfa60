import type { Locator } from '@playwright/test'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answerOpenDialog } from '../dialogs'
import { expect, test } from '../fixtures'
import { ConsoleWindow } from '../pages/console-window'
import { llamaMissing, randomModel } from '../random-model'

const story = 'Once upon a time a satellite kept the memory of a very long conversation. '.repeat(8)

test('a conversation with a real model, whose second turn comes from the sky', async ({
  app,
  page,
  workspace,
  pageErrors,
}) => {
  test.skip(llamaMissing !== '', llamaMissing)
  // A model's threads wait for each other: on a machine that has other work, tokens come slowly.
  test.slow()
  const soon = { timeout: 60_000 }
  const window = new ConsoleWindow(page)
  await expect(window.heading('Lab')).toBeVisible()
  await page.keyboard.press('Control+7')
  await expect(window.heading('Chat')).toBeVisible()
  await expect(window.main).toContainText('skymemory model random')

  await answerOpenDialog(app, await randomModel(workspace.root))
  await window.button('Choose file').click()
  await window.main.getByRole('textbox', { name: 'Block length (tokens)' }).fill('32')
  await page.keyboard.press('Tab')
  await window.button('Start').click()
  const message = window.main.getByRole('textbox', { name: 'Message' })
  await expect(message).toBeFocused(soon)
  await expect(window.status).toContainText('6/6')

  await window.main.getByRole('spinbutton', { name: 'Up to' }).fill('6')
  await message.fill(story)
  await page.keyboard.press('Enter')
  const first = window.main.getByRole('article', { name: 'Turn 1' })
  await expect(first).toContainText(/0 of \d+ blocks from the sky · TTFT [\d.,]+\s(ms|s)/, soon)

  await window.main.getByRole('checkbox', { name: 'Ask without the cache too' }).check()
  await message.fill('Go on.')
  await page.keyboard.press('Enter')
  const second = window.main.getByRole('article', { name: 'Turn 2' })
  await expect(second).toContainText(/without the cache/, soon)
  const [, hit, blocks] = /(\d+) of (\d+) blocks/.exec((await second.textContent()) ?? '') ?? []
  expect(Number(hit)).toBeGreaterThanOrEqual(4)
  expect(Number(hit)).toBeLessThanOrEqual(Number(blocks))

  const panel = window.main.getByRole('complementary', { name: 'What came from the sky for turn 2' })
  await expect(panel).toContainText(`${hit} of ${blocks} blocks hit`)
  await expect(panel).toContainText('Both answers are the same.')
  await expect(panel).toContainText(/1\shop\s*\d+\schunks from 2\ssatellites/)
  await expect(panel.getByRole('row', { name: /^Cached tokens/ })).toContainText(`${Number(hit) * 32} /`)

  // Stopped in the middle: what was said stays, and nothing else is asked.
  await window.main.getByRole('spinbutton', { name: 'Up to' }).fill('3000')
  await message.fill('Tell me everything.')
  await page.keyboard.press('Enter')
  const third = window.main.getByRole('article', { name: 'Turn 3' })
  // It has begun: words of the model stand behind the question.
  await expect(third).toContainText(/everything\.(?!Asking|Computing|\d+ of)/, soon)
  await expect(window.button('Stop')).toBeVisible()
  await page.keyboard.press('Control+.')
  await expect(third).toContainText('stopped', soon)
  await expect(window.button('Send')).toBeVisible()

  await message.fill('Once more.')
  await page.keyboard.press('Enter')
  const fourth = window.main.getByRole('article', { name: 'Turn 4' })
  await expect(fourth).toContainText(/more\.(?!Asking|Computing|\d+ of)/, soon)
  await window.command('Stop the model')
  await expect(fourth).toContainText(/stopped with the model|The model was stopped/, soon)
  await expect(window.button('Start')).toBeVisible()
  await expect(first).toBeVisible()
  expect(pageErrors).toEqual([])
})

test('what is no model is refused with a reason', async ({ app, page, workspace }) => {
  test.skip(llamaMissing !== '', llamaMissing)
  const window = new ConsoleWindow(page)
  await window.goTo('Chat')
  await answerOpenDialog(app, `${workspace.root}/nowhere.gguf`)
  await window.button('Choose file').click()
  await window.main.getByRole('textbox', { name: 'Servers' }).fill('0')
  await page.keyboard.press('Tab')
  await expect(window.main.getByRole('alert')).toContainText('A whole number from 1')
  await expect(window.button('Start')).toBeDisabled()
  await window.main.getByRole('textbox', { name: 'Servers' }).fill('9')
  await page.keyboard.press('Tab')
  await window.button('Start').click()
  await expect(window.main.getByRole('alert')).toContainText('there is no model file', { timeout: 60_000 })
})

test('models of this computer come and go', async ({ app, page, workspace, pageErrors }) => {
  const window = new ConsoleWindow(page)
  await window.goTo('Chat')
  await window.button('Models').click()
  const dialog = page.getByRole('dialog', { name: 'Models on this computer' })
  await expect(dialog).toContainText('There is none yet')
  await dialog.getByRole('button', { name: 'Make a random one' }).click()
  const row = (name: string): Locator => dialog.getByRole('row', { name: new RegExp(`^${name} `) })
  await expect(row('random-tiny')).toContainText(/llama F16.*16\.9\sMiB.*512\sB/, { timeout: 60_000 })

  const file = await randomModel(workspace.root)
  await answerOpenDialog(app, file)
  await dialog.getByRole('button', { name: 'Add a file' }).click()
  await expect(row('tiny')).toBeVisible()
  const text = join(workspace.root, 'text.gguf')
  await writeFile(text, 'no model')
  await answerOpenDialog(app, text)
  await dialog.getByRole('button', { name: 'Add a file' }).click()
  await expect(dialog.getByRole('alert')).toContainText('is not a GGUF file')

  await row('tiny').getByRole('button', { name: 'Remove tiny' }).click()
  await expect(dialog.getByRole('status')).toContainText('The file that it was added from stays.')
  await row('tiny').getByRole('button', { name: 'Keep it' }).click()
  await row('tiny').getByRole('button', { name: 'Remove tiny' }).click()
  await row('tiny').getByRole('button', { name: 'Remove tiny now' }).click()
  await expect(row('tiny')).toBeHidden()
  await expect(dialog.getByRole('alert')).toBeHidden()
  expect((await stat(file)).size).toBeGreaterThan(0)
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(window.main.getByRole('combobox', { name: 'Model' })).toContainText('random-tiny')
  await window.command('Show the models of this computer')
  await expect(row('random-tiny')).toBeVisible()
  expect(pageErrors).toEqual([])
})
