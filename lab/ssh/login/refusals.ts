import { SkyError } from '#shared/contract/errors'
import { hopDetails, hopText, type Hop } from '../connect/hop'

/** The server does not let anybody in by this method. */
export function notOffered(hop: Hop, method: string, offered: readonly string[]): SkyError {
  return refused(
    hop,
    `does not offer authentication by ${method}; it offers ${offered.join(', ') || 'none'}`,
    'Choose another authentication for it in the inventory, or allow this one in its sshd_config.',
  )
}

/** The server hung up before anybody was let in. */
export function hungUp(hop: Hop, said: string, advice: string): SkyError {
  const tooMany = /too many authentication failures/i.test(said)
  return refused(
    hop,
    tooMany
      ? `let nobody in after too many authentication failures`
      : `closed the connection while ${hop.target.user} logged in: ${said}`,
    tooMany ? advice : 'Look into the log of its SSH server (journalctl -u ssh).',
    { reason: said },
  )
}

export function refused(
  hop: Hop,
  what: string,
  hint: string,
  details: Record<string, unknown> = {},
): SkyError {
  return new SkyError('authentication_failed', `${hopText(hop)} ${what}`, hint, {
    ...hopDetails(hop),
    ...details,
  })
}

/** The command that puts a public key on a host. */
export function copyKeyCommand({ target }: Hop, keyFile?: string): string {
  const { user, address, port } = target
  const file = keyFile === undefined ? '' : ` -i ${keyFile}`
  return `ssh-copy-id${file}${port === 22 ? '' : ` -p ${port}`} ${user}@${address}`
}
