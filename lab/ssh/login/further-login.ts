import type { AnyAuthMethod } from 'ssh2'
import type { SkyError } from '#shared/contract/errors'
import type { SecretSource } from '../../secrets/secret'
import type { Hop } from '../connect/hop'
import type { Login } from './login'
import { PasswordLogin } from './password-login'
import { QuestionLogin } from './question-login'
import { refused } from './refusals'

/** A login after which the server may want more, such as a code besides a key: that is asked of the user. */
export class FurtherLogin implements Login {
  readonly #hop: Hop
  readonly #secrets: SecretSource
  #login: Login
  /** One for all questions of the server, whose answers are given together. */
  readonly #questions: QuestionLogin

  constructor(hop: Hop, login: Login, secrets: SecretSource) {
    this.#hop = hop
    this.#login = login
    this.#secrets = secrets
    this.#questions = login instanceof QuestionLogin ? login : new QuestionLogin(hop, secrets)
  }

  async next(
    offered: readonly string[],
    partial: boolean,
    giveUp: (error: SkyError) => void,
  ): Promise<AnyAuthMethod | null> {
    if (partial) this.#login = this.#further(offered)
    return this.#login.next(offered, partial, giveUp)
  }

  failure(said: string | null): SkyError {
    return this.#login.failure(said)
  }

  #further(offered: readonly string[]): Login {
    if (offered.includes('keyboard-interactive')) return this.#questions
    if (offered.includes('password')) return new PasswordLogin(this.#hop, this.#secrets)
    throw refused(
      this.#hop,
      `wants more than one proof: besides what is set up, ${offered.join(', ')}`,
      'Log in to it with one key, or with a key and a password or questions: see AuthenticationMethods in its sshd_config.',
    )
  }
}
