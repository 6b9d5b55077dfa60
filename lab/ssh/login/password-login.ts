import type { AnyAuthMethod } from 'ssh2'
import type { SkyError } from '#shared/contract/errors'
import { secretNeeded, type SecretName, type SecretSource } from '../../secrets/secret'
import type { Hop } from '../connect/hop'
import type { Login } from './login'
import { hungUp, notOffered, refused } from './refusals'

/** Login by a password, also where a server asks for it as a question (PAM), as most do that do not offer `password`. */
export class PasswordLogin implements Login {
  readonly #hop: Hop
  readonly #secrets: SecretSource
  readonly #name: SecretName
  #tried = false

  constructor(hop: Hop, secrets: SecretSource) {
    this.#hop = hop
    this.#secrets = secrets
    this.#name = { lab: hop.lab, kind: 'password', target: hop.target.name }
  }

  async next(offered: readonly string[]): Promise<AnyAuthMethod | null> {
    if (this.#tried) return null
    const asQuestion = !offered.includes('password')
    if (asQuestion && !offered.includes('keyboard-interactive'))
      throw notOffered(this.#hop, 'password', offered)
    const password = await this.#secrets.get(this.#name)
    if (password === null) throw secretNeeded(this.#name, this.#secrets.isWrong(this.#name))
    this.#tried = true
    const username = this.#hop.target.user
    if (!asQuestion) return { type: 'password', username, password }
    let asked = false
    return {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        // Anything but one hidden question is not the password's; it is asked again when it was wrong.
        const isPassword = prompts.length === 1 && prompts[0]?.echo !== true && !asked
        asked = true
        finish(isPassword ? [password] : prompts.map(() => ''))
      },
    }
  }

  failure(said: string | null): SkyError {
    if (said !== null && !/too many authentication failures/i.test(said)) {
      return hungUp(this.#hop, said, '')
    }
    if (!this.#tried) return refused(this.#hop, 'let nobody in', 'Look into the log of its SSH server.')
    void this.#secrets.refuse(this.#name)
    return secretNeeded(this.#name, true)
  }
}
