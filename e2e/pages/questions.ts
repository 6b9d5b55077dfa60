import type { Locator, Page } from '@playwright/test'
import { expect } from '../fixtures'

/** What connections ask in the window: unknown and changed keys, secrets. */
export class Questions {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  unknownKey(target: string): Locator {
    return this.#page.getByRole('dialog', { name: `Is this ${target}?` })
  }

  changedKey(target: string): Locator {
    return this.#page.getByRole('dialog', { name: `The key of ${target} has changed` })
  }

  secret(target: string): Locator {
    return this.#page.getByRole('dialog', { name: new RegExp(` for ${target}$`) })
  }

  /** @returns the fingerprint that was shown */
  async acceptKey(target: string): Promise<string> {
    const dialog = this.unknownKey(target)
    const fingerprint = (await dialog.getByText(/^SHA256:/).textContent()) ?? ''
    await dialog.getByRole('button', { name: 'Accept this key' }).click()
    await expect(dialog).toBeHidden()
    return fingerprint
  }

  /** Accept whatever unknown keys are asked for, until `done` is in sight. @returns the hosts and jump hosts in order */
  async acceptKeysUntil(done: Locator, timeout = 60_000): Promise<string[]> {
    const asked: string[] = []
    const any = this.#page.getByRole('dialog', { name: /^Is this .+\?$/ })
    for (;;) {
      await expect(any.or(done).first()).toBeVisible({ timeout })
      if (!(await any.isVisible())) return asked
      const heading = (await any.getByRole('heading').textContent()) ?? ''
      const target = /^Is this (.+)\?$/.exec(heading)?.[1] ?? ''
      await this.acceptKey(target)
      asked.push(target)
    }
  }

  async forgetChangedKey(target: string): Promise<void> {
    const dialog = this.changedKey(target)
    await dialog.getByRole('button', { name: 'Forget this host …' }).click()
    await dialog.getByRole('textbox').fill(target)
    await dialog.getByRole('button', { name: 'Forget this host', exact: true }).click()
    await expect(dialog).toBeHidden()
  }

  /** @param values by the label of their field, such as `Password` */
  async give(target: string, values: Readonly<Record<string, string>>): Promise<void> {
    const dialog = this.secret(target)
    for (const [label, value] of Object.entries(values)) await dialog.getByLabel(label).fill(value)
    await dialog.getByRole('button', { name: 'Continue' }).click()
  }

  /** Answer no more, which ends what waits. */
  async refuse(): Promise<void> {
    await this.#page.keyboard.press('Escape')
    await expect(this.#page.getByRole('dialog')).toBeHidden()
  }
}
