import { connect, type Socket } from 'node:net'
import { SkyError } from '#shared/contract/errors'
import { connectLimitMs } from '../limits'
import { gatherWrites } from './gather-writes'
import { hopDetails, hopText, type Hop } from './hop'

/** Open a TCP connection to a hop that is reached directly. @throws SkyError `unreachable`, `timeout`, `cancelled` */
export function dial(hop: Hop, signal?: AbortSignal): Promise<Socket> {
  const { address, port } = hop.target
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true })
    const fail = (error: SkyError): void => {
      end()
      socket.on('error', () => undefined)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(noAnswer(hop)), connectLimitMs)
    const cancel = (): void => fail(cancelled(hop))
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      socket.removeAllListeners()
    }
    if (signal?.aborted) return cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    socket.once('connect', () => {
      end()
      gatherWrites(socket)
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => fail(notReached(hop, error)))
  })
}

export function cancelled(hop: Hop): SkyError {
  return new SkyError('cancelled', `Connecting to ${hopText(hop)} was cancelled`, '', hopDetails(hop))
}

/** Packets that a firewall drops, or a machine that is off: nothing comes back at all. */
export function noAnswer(hop: Hop): SkyError {
  return new SkyError(
    'timeout',
    `${hopText(hop)} did not answer within ${connectLimitMs / 1_000} s`,
    'Look whether the host is on, whether the address is right, and whether a firewall drops the packets.',
    { ...hopDetails(hop), limitMs: connectLimitMs },
  )
}

function notReached(hop: Hop, error: NodeJS.ErrnoException): SkyError {
  const { address, port } = hop.target
  const details = { ...hopDetails(hop), reason: error.code ?? error.message }
  const unreachable = (message: string, hint: string): SkyError =>
    new SkyError('unreachable', message, hint, details)
  switch (error.code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return unreachable(
        `The name ${address} of ${hop.target.name} cannot be resolved (${error.code})`,
        'Correct the address in the inventory, or use an IP address.',
      )
    case 'ECONNREFUSED':
      return unreachable(
        `${hopText(hop)} refuses connections: nothing listens on port ${port}`,
        'Start the SSH server there (Debian, Ubuntu: apt install openssh-server), or correct the port in the inventory.',
      )
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL':
      return unreachable(
        `There is no route to ${hopText(hop)} (${error.code})`,
        'Look whether this machine is in the network of the lab and the host is on.',
      )
    case 'ETIMEDOUT':
      return noAnswer(hop)
    default:
      return unreachable(
        `${hopText(hop)} cannot be reached: ${error.message}`,
        'Look at the network, then try again.',
      )
  }
}
