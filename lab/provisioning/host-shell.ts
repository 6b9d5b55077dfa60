import { SkyError } from '#shared/contract/errors'
import type { CommandOptions, CommandResult, RemoteProcess, SshSession } from '../ssh/ssh-session'

/** How root's rights are had on a host: there already, by sudo without a password, by sudo with one, or not at all. */
export type RootAccess = 'root' | 'free' | 'password' | 'none'

/** Where the password for sudo comes from. */
export interface SudoPassword {
  /** @throws SkyError `secret_needed` when it is not known, or was wrong */
  get(): Promise<string>
  /** It was wrong: the next `get` says so. */
  refuse(): void
}

/** Runs constant scripts on one host, as the user who logs in or as root. */
export interface HostShell {
  readonly session: SshSession
  asUser(script: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>
  /** @throws SkyError `secret_needed`, `unauthorised` */
  asRoot(script: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>
  startAsUser(script: string, args: readonly string[]): Promise<RemoteProcess>
  startAsRoot(script: string, args: readonly string[]): Promise<RemoteProcess>
}

/**
 * `-k`: a password that sudo remembers is not used, so that it always reads the one line that is sent before everything else.
 * The prompt is empty: it would be mixed up with the script's own words.
 */
const withPassword = ['sudo', '-S', '-k', '-p', '', '--'] as const
const withoutPassword = ['sudo', '-n', '--'] as const

export function hostShell(session: SshSession, access: RootAccess, password: SudoPassword): HostShell {
  let accepted: string | null = null
  /** The password, tried once: sudo would take the lines of a script's input for further attempts. */
  const checked = async (signal?: AbortSignal): Promise<string> => {
    if (accepted !== null) return accepted
    const given = await password.get()
    const tried = await session.run([...withPassword, 'sh', '-c', ':'], {
      stdin: `${given}\n`,
      ...(signal && { signal }),
    })
    if (tried.exitCode === 0) return (accepted = given)
    if (!/password|try again/i.test(tried.stderr) || /not allowed|not in the sudoers/i.test(tried.stderr)) {
      throw noSudo(session, tried.stderr)
    }
    password.refuse()
    // Says that it was wrong.
    await password.get()
    throw noSudo(session, tried.stderr)
  }
  const asUser: HostShell['asUser'] = (script, args, options) => session.script(script, args, options)
  const startAsUser: HostShell['startAsUser'] = (script, args) =>
    session.start(['sh', '-c', script, 'sh', ...args])
  return {
    session,
    asUser,
    startAsUser,
    asRoot: async (script, args, options = {}) => {
      const words = ['sh', '-c', script, 'sh', ...args]
      switch (access) {
        case 'root':
          return asUser(script, args, options)
        case 'free':
          return session.run([...withoutPassword, ...words], options)
        case 'password': {
          const line = Buffer.from(`${await checked(options.signal)}\n`)
          const stdin = Buffer.concat([line, Buffer.from(options.stdin ?? '')])
          return session.run([...withPassword, ...words], { ...options, stdin })
        }
        case 'none':
          throw noSudo(session, 'sudo is not installed')
      }
    },
    startAsRoot: async (script, args) => {
      const words = ['sh', '-c', script, 'sh', ...args]
      switch (access) {
        case 'root':
          return startAsUser(script, args)
        case 'free':
          return session.start([...withoutPassword, ...words])
        case 'password': {
          const given = await checked()
          const process = await session.start([...withPassword, ...words])
          process.stdin.write(`${given}\n`)
          return process
        }
        case 'none':
          throw noSudo(session, 'sudo is not installed')
      }
    },
  }
}

function noSudo({ host, user }: SshSession, reason: string): SkyError {
  const said = reason.trim().split('\n').at(-1)?.trim() ?? ''
  return new SkyError(
    'unauthorised',
    `${user} may not become root on ${host}${said === '' ? '' : `: ${said}`}`,
    'Allow it to use sudo there, or set "service: user" or "service: detached" for this host.',
    { host },
  )
}
