import { secretKey, type SecretName, type SecretSource } from './secret'
import type { SecretVault } from './secret-vault'

/**
 * The secrets of a running program: those that were given for as long as it runs are kept in memory, those to be remembered also in a
 * vault. Of a secret that was refused only that is noted: it stays in the vault until another one takes its place.
 */
export class SecretBook implements SecretSource {
  readonly vault: SecretVault
  readonly #given = new Map<string, string>()
  /** Values that were refused. */
  readonly #refused = new Map<string, string>()
  readonly #answers = new Map<string, readonly string[]>()

  constructor(vault: SecretVault) {
    this.vault = vault
  }

  async get(name: SecretName): Promise<string | null> {
    const value = await this.#value(name)
    return value === this.#refused.get(secretKey(name)) ? null : value
  }

  isWrong(name: SecretName): boolean {
    return this.#refused.has(secretKey(name))
  }

  async refuse(name: SecretName): Promise<void> {
    const value = await this.#value(name)
    if (value !== null) this.#refused.set(secretKey(name), value)
  }

  takeAnswers(lab: string, target: string): readonly string[] | null {
    const key = answersKey(lab, target)
    const answers = this.#answers.get(key) ?? null
    this.#answers.delete(key)
    return answers
  }

  /** @throws SkyError `not_supported` when it is to be remembered and cannot */
  async give(name: SecretName, value: string, remember: boolean): Promise<void> {
    if (remember) await this.vault.set(name, value)
    this.#given.set(secretKey(name), value)
    this.#refused.delete(secretKey(name))
  }

  giveAnswers(lab: string, target: string, answers: readonly string[]): void {
    this.#answers.set(answersKey(lab, target), [...answers])
  }

  async forget(names: readonly SecretName[]): Promise<void> {
    for (const name of names) {
      await this.vault.delete(name)
      this.#given.delete(secretKey(name))
      this.#refused.delete(secretKey(name))
      this.#answers.delete(answersKey(name.lab, name.target))
    }
  }

  async forgetLab(lab: string): Promise<void> {
    await this.vault.deleteLab(lab)
    for (const kept of [this.#given, this.#refused, this.#answers]) {
      for (const key of [...kept.keys()]) if (key.startsWith(`${lab}/`)) kept.delete(key)
    }
  }

  async #value(name: SecretName): Promise<string | null> {
    return this.#given.get(secretKey(name)) ?? (await this.vault.get(name))
  }
}

function answersKey(lab: string, target: string): string {
  return `${lab}/answers/${target}`
}
