import type { ClientChannel } from 'ssh2'

/** What ssh2 keeps to itself: its own `signal` refuses once the program's input has ended, which SSH does not ask for. */
interface Inner {
  readonly _client: { readonly _protocol: { signal(channel: number, name: string): void } }
  readonly outgoing: { readonly id: number; readonly state: 'open' | 'eof' | 'closing' | 'closed' }
}

/**
 * Kill the program of a channel, and close the channel. Without the signal a silent program would run on; OpenSSH does not pass signals
 * on for root, whose programs end when they next write.
 */
export function killChannel(channel: ClientChannel): void {
  const { _client, outgoing } = channel as unknown as Inner
  if (outgoing.state === 'open' || outgoing.state === 'eof') _client._protocol.signal(outgoing.id, 'KILL')
  channel.close()
  // What still comes must be taken, or the channel never ends.
  channel.resume()
  channel.stderr.resume()
}
