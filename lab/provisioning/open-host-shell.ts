import { secretNeeded, type SecretName, type SecretSource } from '../secrets/secret'
import type { SshSession } from '../ssh/ssh-session'
import { hostShell, type HostShell, type RootAccess, type SudoPassword } from './host-shell'

/** How root's rights are had. Prints one word. */
const rootAccessScript = `if [ "$(id -u)" = 0 ]; then echo root
elif ! command -v sudo >/dev/null 2>&1; then echo none
elif sudo -k -n true >/dev/null 2>&1; then echo free
else echo password
fi`

/** A shell on a host of a lab; its password for sudo comes from the lab's secrets. */
export async function openHostShell(
  session: SshSession,
  lab: string,
  secrets: SecretSource,
): Promise<HostShell> {
  const { stdout } = await session.script(rootAccessScript)
  const word = stdout.trim().split('\n').at(-1)
  return hostShell(session, rootAccess(word), sudoPassword(lab, session.host, secrets))
}

function rootAccess(word: string | undefined): RootAccess {
  return word === 'root' || word === 'free' || word === 'password' ? word : 'none'
}

export function sudoPassword(lab: string, host: string, secrets: SecretSource): SudoPassword {
  const name: SecretName = { lab, kind: 'sudo', target: host }
  return {
    get: async () => {
      const given = await secrets.get(name)
      if (given === null) throw secretNeeded(name, secrets.isWrong(name))
      return given
    },
    refuse: () => void secrets.refuse(name),
  }
}
