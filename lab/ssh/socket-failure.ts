import { SkyError } from '#shared/contract/errors'
import type { SshSession } from './ssh-session'

/** Flag of a listening socket in /proc/net/unix: __SO_ACCEPTCON. */
const listens = `while read -r number references protocol flags type state inode path; do
  if [ "$path" = "$1" ] && [ "$flags" = 00010000 ]; then exit 0; fi
done < /proc/net/unix
exit 1`

/**
 * Why a Unix socket could not be connected to. OpenSSH refuses in the same words when forwarding is forbidden and when nobody listens,
 * so the host is asked whether somebody does.
 */
export async function whySocketFailed(session: SshSession, path: string, thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof SkyError) || thrown.code !== 'protocol_error') return thrown
  const { exitCode } = await session.script(listens, [path])
  const { host } = session
  if (exitCode === 0) {
    return new SkyError(
      'not_supported',
      `The SSH server of ${host} forbids connections to the socket ${path}`,
      'Allow them in its sshd_config: AllowStreamLocalForwarding yes.',
      { host, path },
    )
  }
  return new SkyError('unreachable', `Nothing listens on the socket ${path} of ${host}`, '', { host, path })
}
