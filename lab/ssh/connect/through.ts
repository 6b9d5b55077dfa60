import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import { quotedLine } from '#shared/text/printable'
import { ChannelStream } from '../channel-stream'
import { connectLimitMs } from '../limits'
import { cancelled, noAnswer } from './dial'
import { hopDetails, hopText, type Hop } from './hop'

/** RFC 4254 section 5.1. */
const administrativelyProhibited = 1

/** Open a connection to a hop from the jump host before it. @throws SkyError `unreachable`, `timeout`, `cancelled` */
export function dialThrough(jump: Client, hop: Hop, signal?: AbortSignal): Promise<Duplex> {
  const { address, port } = hop.target
  return new Promise((resolve, reject) => {
    let waits = true
    const end = (): boolean => {
      const waited = waits
      waits = false
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      jump.off('close', lost)
      return waited
    }
    const fail = (error: SkyError): void => {
      if (end()) reject(error)
    }
    const timer = setTimeout(() => fail(noAnswer(hop)), connectLimitMs)
    const cancel = (): void => fail(cancelled(hop))
    const lost = (): void => fail(jumpLost(hop))
    signal?.addEventListener('abort', cancel, { once: true })
    jump.on('close', lost)
    if (signal?.aborted) return cancel()
    try {
      // The origin that SSH asks for: nobody looks at it.
      jump.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        if (error) return fail(refused(hop, error))
        if (end()) resolve(new ChannelStream(channel))
        else channel.close()
      })
    } catch {
      lost()
    }
  })
}

function jumpLost(hop: Hop): SkyError {
  return new SkyError(
    'unreachable',
    `The connection to the jump host ${hop.through} ended before ${hop.target.name} was reached`,
    `Look whether ${hop.through} is up.`,
    hopDetails(hop),
  )
}

function refused(hop: Hop, error: Error & { reason?: unknown }): SkyError {
  const reason = quotedLine(error.message.replace(/^\(SSH\) Channel open failure: /, ''))
  const details = { ...hopDetails(hop), reason }
  if (error.reason === administrativelyProhibited) {
    return new SkyError(
      'unreachable',
      `The jump host ${hop.through} forbids connections to ${hopText(hop)}: ${reason}`,
      `Allow them in its sshd_config: AllowTcpForwarding yes, and PermitOpen if it is there.`,
      details,
    )
  }
  return new SkyError(
    'unreachable',
    `The jump host ${hop.through} cannot reach ${hop.target.name} at ${hop.target.address}, port ${hop.target.port}: ${reason}`,
    `Look whether ${hop.target.name} is on, and whether its address is right as ${hop.through} sees it.`,
    details,
  )
}
