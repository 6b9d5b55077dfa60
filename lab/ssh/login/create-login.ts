import type { Hop } from '../connect/hop'
import type { SecretSource } from '../../secrets/secret'
import { AgentLogin } from './agent-login'
import { KeyLogin } from './key-login'
import type { Login } from './login'
import { PasswordLogin } from './password-login'
import { QuestionLogin } from './question-login'
import { FurtherLogin } from './further-login'

export interface LoginOptions {
  readonly secrets: SecretSource
  /** Where SSH_AUTH_SOCK stands. */
  readonly env: NodeJS.ProcessEnv
  /** The user's home, where keys lie; null = as the system says. */
  readonly home: string | null
}

/** The login that the inventory names for a hop. What the server asks for beyond it is asked of the user. */
export function createLogin(hop: Hop, options: LoginOptions): Login {
  return new FurtherLogin(hop, firstLogin(hop, options), options.secrets)
}

function firstLogin(hop: Hop, { secrets, env, home }: LoginOptions): Login {
  const { authentication } = hop.target
  switch (authentication.kind) {
    case 'agent':
      return new AgentLogin(hop, authentication.socket ?? null, env)
    case 'key':
      return new KeyLogin(hop, authentication.file, secrets, home)
    case 'password':
      return new PasswordLogin(hop, secrets)
    case 'keyboard_interactive':
      return new QuestionLogin(hop, secrets)
  }
}
