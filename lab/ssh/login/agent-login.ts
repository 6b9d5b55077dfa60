import { readdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import ssh2, { type AnyAuthMethod, type BaseAgent } from 'ssh2'
import type { SkyError } from '#shared/contract/errors'
import type { Hop } from '../connect/hop'
import { userFile } from './expand-home'
import type { Login } from './login'
import { copyKeyCommand, hungUp, notOffered, refused } from './refusals'

/** The agent of Windows' own OpenSSH. */
const openSshPipe = 'openssh-ssh-agent'
const windowsPipes = '\\\\.\\pipe\\'
/** ssh2's name for the agent of PuTTY before 0.77, which has no pipe and is asked through a helper program. */
const pageant = 'pageant'
/** Time for an agent to say which keys it has, ms. */
const agentLimitMs = 5_000

/** Login by the keys of an agent, one after another. */
export class AgentLogin implements Login {
  readonly #hop: Hop
  readonly #named: string | null
  readonly #env: NodeJS.ProcessEnv
  #keys: number | null = null

  /** @param named socket or pipe of the agent; null = the one of the user's session */
  constructor(hop: Hop, named: string | null, env: NodeJS.ProcessEnv) {
    this.#hop = hop
    this.#named = named
    this.#env = env
  }

  async next(offered: readonly string[]): Promise<AnyAuthMethod | null> {
    if (this.#keys !== null) return null
    if (!offered.includes('publickey')) throw notOffered(this.#hop, 'keys', offered)
    const socket = agentSocket(this.#named, this.#env, process.platform)
    if (socket === null) {
      throw refused(
        this.#hop,
        'cannot be logged in to: no SSH agent runs (SSH_AUTH_SOCK is not set)',
        `Start one and add a key (eval "$(ssh-agent)" && ssh-add), or name a key file in the inventory.`,
      )
    }
    const agent = ssh2.createAgent(socket)
    this.#keys = await this.#countKeys(agent, socket)
    return { type: 'agent', username: this.#hop.target.user, agent }
  }

  failure(said: string | null): SkyError {
    const { user } = this.#hop.target
    const count = this.#keys ?? 0
    const keys = `the ${count === 1 ? 'key' : `${count} keys`} of the SSH agent`
    if (said !== null) {
      const advice = `The agent has ${count} keys, and a server allows few attempts (MaxAuthTries): name the right key file in the inventory.`
      return hungUp(this.#hop, said, advice)
    }
    return refused(
      this.#hop,
      `refuses ${keys} for ${user}`,
      `Put one of them on the host (${copyKeyCommand(this.#hop)}), or name a key file in the inventory.`,
      { agentKeys: count },
    )
  }

  async #countKeys(agent: BaseAgent, socket: string): Promise<number> {
    const keys = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no answer within ${agentLimitMs / 1_000} s`)),
        agentLimitMs,
      )
      agent.getIdentities((error, found) => {
        clearTimeout(timer)
        if (error) reject(error)
        else resolve(found?.length ?? 0)
      })
    }).catch((thrown: unknown) => {
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      throw refused(
        this.#hop,
        `cannot be logged in to: the SSH agent at ${socket} does not answer (${reason})`,
        'Start the agent, correct its socket in the inventory, or name a key file there.',
        { agent: socket },
      )
    })
    if (keys > 0) return keys
    throw refused(
      this.#hop,
      `cannot be logged in to: the SSH agent at ${socket} has no key that can be used`,
      'Add one (ssh-add FILE), or name a key file in the inventory. Keys on FIDO devices cannot be used.',
      { agent: socket },
    )
  }
}

/** Where the agent listens; null = there is none. */
export function agentSocket(
  named: string | null,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
  pipes: () => readonly string[] = () => readdirSync(windowsPipes),
  user = userInfo().username,
): string | null {
  if (named !== null) return named === pageant || named.startsWith(windowsPipes) ? named : userFile(named)
  const ofSession = env['SSH_AUTH_SOCK']
  if (ofSession) return ofSession
  if (platform !== 'win32') return null
  const names = pipes()
  // Pageant's pipe ends with a hash that only Windows can compute.
  const found =
    names.find((name) => name === openSshPipe) ?? names.find((name) => name.startsWith(`pageant.${user}.`))
  return found === undefined ? pageant : `${windowsPipes}${found}`
}
