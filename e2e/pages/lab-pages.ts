import type { Locator, Page } from '@playwright/test'
import { expect } from '../fixtures'
import { ConsoleWindow } from './console-window'
import { Questions } from './questions'

export type LabView = 'Hosts' | 'Preflight' | 'Deploy' | 'Keys and secrets'

/** Ends only what hangs: the first deployment also fetches the runtimes. */
const deployLimitMs = 180_000

/** The pages of labs of SSH hosts: list, editor, and the lab itself with its views. */
export class LabPages extends ConsoleWindow {
  readonly questions: Questions

  constructor(page: Page) {
    super(page)
    this.questions = new Questions(page)
  }

  async openList(): Promise<void> {
    await this.goTo('Lab')
    await this.button('All labs').click()
    await expect(this.heading('Labs')).toBeVisible()
  }

  /** Begin a new lab; a file must have been answered before (`answerOpenDialog`). */
  async newLab(
    from: "The paper's testbed" | 'From ~/.ssh/config' | 'From a YAML file …' | 'Empty',
  ): Promise<void> {
    await this.openList()
    await this.button('New lab').first().click()
    await this.page.getByRole('menuitem', { name: from }).click()
  }

  get labYaml(): Locator {
    return this.main.getByRole('textbox', { name: 'Lab as YAML' })
  }

  /** A field of the host that is shown in the editor. */
  hostField(host: string, label: string): Locator {
    return this.main.getByRole('region', { name: `Fields of ${host}` }).getByLabel(label, { exact: true })
  }

  async saveLab(): Promise<void> {
    await this.button('Save lab').click()
    await expect(this.heading('Lab')).toBeVisible()
  }

  /** Write a lab as YAML and keep it. */
  async createLab(yaml: string): Promise<void> {
    await this.newLab('Empty')
    await this.labYaml.fill(yaml)
    await this.saveLab()
  }

  async choose(lab: string): Promise<void> {
    await this.goTo('Lab')
    await this.main.getByRole('combobox', { name: 'Lab in sight' }).click()
    await this.page.getByRole('option', { name: lab, exact: true }).click()
  }

  async show(view: LabView): Promise<void> {
    await this.main.getByRole('tab', { name: view }).click()
  }

  /** The row of a host in the table in sight. */
  row(host: string): Locator {
    return this.main
      .getByRole('row')
      .filter({ has: this.page.getByRole('rowheader', { name: host, exact: true }) })
  }

  async connect(): Promise<void> {
    await this.button('Connect').click()
    await this.questions.acceptKeysUntil(this.button('Disconnect'))
  }

  async disconnect(): Promise<void> {
    await this.button('Disconnect').click()
    await expect(this.button('Connect')).toBeVisible()
  }

  async preflight(): Promise<void> {
    await this.show('Preflight')
    await this.main.getByRole('button', { name: /^Check (the hosts|again)$/ }).click()
    await this.questions.acceptKeysUntil(this.button('Check again'), deployLimitMs)
  }

  async plan(): Promise<void> {
    await this.show('Deploy')
    await this.main
      .getByRole('button', { name: /^Plan( again)?$/ })
      .first()
      .click()
    await this.questions.acceptKeysUntil(this.main.getByRole('region', { name: 'Plan', exact: true }))
  }

  /** Carry the plan out; the answer is what the page says at the end. */
  async apply(): Promise<string> {
    await this.button('Apply').click()
    const done = this.main.getByRole('region', { name: 'Applied' })
    await expect(done).toBeVisible({ timeout: deployLimitMs })
    return (await done.getByRole('status').textContent()) ?? ''
  }

  async removeInstallation(lab: string): Promise<void> {
    await this.show('Deploy')
    await this.button('Remove …').click()
    const dialog = this.page.getByRole('dialog', { name: 'Remove everything from the hosts' })
    await dialog.getByRole('textbox').fill(lab)
    await dialog.getByRole('button', { name: 'Remove from all hosts' }).click()
    await expect(this.main.getByRole('region', { name: 'Removed' })).toBeVisible({ timeout: deployLimitMs })
  }

  async deleteLab(lab: string): Promise<void> {
    await this.openList()
    await this.button(`Delete ${lab}`).click()
    const dialog = this.page.getByRole('dialog', { name: 'Delete lab' })
    await dialog.getByRole('textbox').fill(lab)
    await dialog.getByRole('button', { name: 'Delete lab' }).click()
    await expect(dialog).toBeHidden()
  }

  async openHost(host: string): Promise<void> {
    await this.main.getByRole('link', { name: host, exact: true }).first().click()
    await expect(this.heading(host)).toBeVisible()
  }

  // ---- page of a host ------------------------------------------------------------------------------------

  get serviceLog(): Locator {
    return this.main.getByRole('log')
  }

  async openTerminal(): Promise<void> {
    await this.main.getByRole('tab', { name: 'Terminal' }).click()
    await expect(this.main.getByRole('button', { name: 'Close terminal' })).toBeEnabled()
  }

  /** What the terminal shows. */
  get terminalRows(): Locator {
    return this.main.locator('.xterm-rows')
  }

  async typeInTerminal(line: string): Promise<void> {
    await this.main.locator('.xterm').click()
    await this.page.keyboard.type(line)
    await this.page.keyboard.press('Enter')
  }
}
