import type { Client, ClientChannel } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import { quotedLine } from '#shared/text/printable'
import { channelLimitMs } from './limits'

type Open = (client: Client, done: (error: Error | undefined, channel: ClientChannel) => void) => unknown

/** Why a server refused to open a channel, RFC 4254 section 5.1. OpenSSH says so of TCP connections only. */
const administrativelyProhibited = 1

/**
 * Open one channel of a connection within its limit.
 * @param what is to be opened, for messages
 * @param ended aborted, with a SkyError, when the connection ends
 * @throws SkyError `not_supported` where the server says that it forbids it, `protocol_error` where it does not open it, `timeout`,
 * `connection_lost`
 */
export async function openChannel(
  client: Client,
  host: string,
  what: string,
  open: Open,
  ended: AbortSignal,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    let waits = true
    const end = (): boolean => {
      const waited = waits
      waits = false
      clearTimeout(timer)
      ended.removeEventListener('abort', lost)
      return waited
    }
    const fail = (error: SkyError): void => {
      if (end()) reject(error)
    }
    const lost = (): void => fail(ended.reason as SkyError)
    ended.addEventListener('abort', lost, { once: true })
    const timer = setTimeout(() => {
      const seconds = channelLimitMs / 1_000
      fail(
        new SkyError('timeout', `${host} did not open ${what} within ${seconds} s`, 'Try again.', { host }),
      )
    }, channelLimitMs)
    try {
      open(client, (error, channel) => {
        if (error) return fail(refusal(error, host, what))
        if (end()) resolve(channel)
        else channel.close()
      })
    } catch (thrown) {
      // ssh2 throws when the connection has ended.
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      fail(
        new SkyError(
          'connection_lost',
          `The SSH connection to ${host} has ended: ${reason}`,
          'Connect again.',
          { host },
        ),
      )
    }
  })
}

function refusal(error: Error & { reason?: unknown }, host: string, what: string): SkyError {
  const reason = quotedLine(error.message.replace(/^\(SSH\) Channel open failure: /, ''))
  const details = { host, reason }
  if (error.reason === administrativelyProhibited) {
    return new SkyError('not_supported', `The SSH server of ${host} forbids ${what}: ${reason}`, '', details)
  }
  const hint = 'A server allows few sessions on one connection (MaxSessions of sshd_config, by default 10).'
  return new SkyError(
    'protocol_error',
    `The SSH server of ${host} did not open ${what}: ${reason}`,
    hint,
    details,
  )
}
