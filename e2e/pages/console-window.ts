import type { Locator, Page } from '@playwright/test'
import { expect } from '../fixtures'

export type PageName =
  'Lab' | 'Constellation' | 'Experiments' | 'Live' | 'Runs' | 'Simulation' | 'Chat' | 'Settings'
export const pageNames: readonly PageName[] = [
  'Lab',
  'Constellation',
  'Experiments',
  'Live',
  'Runs',
  'Simulation',
  'Chat',
  'Settings',
]

/** The console's window as a user meets it: by roles and names. */
export class ConsoleWindow {
  readonly page: Page
  readonly main: Locator
  readonly status: Locator

  constructor(page: Page) {
    this.page = page
    this.main = page.getByRole('main')
    this.status = page.getByRole('banner', { name: 'Status' })
  }

  /** The page's name as its main heading says it (the heading may go on with a state). */
  heading(name: string): Locator {
    return this.main.getByRole('heading', { level: 1, name: new RegExp(`^${name}`) })
  }

  async goTo(name: PageName): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click()
    await expect(this.heading(name)).toBeVisible()
  }

  /** Carry out a command by the palette. */
  async command(name: string): Promise<void> {
    const palette = this.page.getByRole('dialog', { name: 'Commands' })
    await this.page.keyboard.press('Control+K')
    await palette.getByLabel('Search commands').fill(name)
    await palette.getByRole('option', { name }).first().click()
    await expect(palette).toBeHidden()
  }

  button(name: string): Locator {
    return this.main.getByRole('button', { name, exact: true })
  }

  get yaml(): Locator {
    return this.main.getByRole('textbox', { name: 'Experiment as YAML' })
  }

  /** Write an experiment on its page and start it. */
  async run(yaml: string): Promise<void> {
    await this.goTo('Experiments')
    await this.yaml.fill(yaml)
    await this.button('Start run').click()
    await expect(this.heading('Live')).toBeVisible()
  }

  /** Number of samples that a live chart says it has. */
  async samples(chart: string): Promise<number> {
    const text = await this.main.getByRole('region', { name: chart }).getByText(/^n = /).textContent()
    return Number(text?.replace(/\D/g, ''))
  }

  /** Open the newest run's page. */
  async openRun(name: string): Promise<void> {
    await this.goTo('Runs')
    await this.main.getByRole('link', { name, exact: true }).first().click()
    await expect(this.heading(name)).toBeVisible()
  }

  /** Export the open run. The dialog must have been answered before (`answerOpenDialog`). */
  async exportCsv(): Promise<void> {
    await this.button('Export CSV').click()
    await expect(this.page.getByText(/files exported/).first()).toBeVisible()
  }
}
