import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { Inventory } from '#shared/inventory/inventory'
import { routeTo } from '#shared/inventory/route'
import { connectHop, type HopConnection } from './connect/connect-hop'
import { dial } from './connect/dial'
import type { Hop } from './connect/hop'
import { dialThrough } from './connect/through'
import type { HostKeyCheck } from './host-keys/host-key-check'
import type { Login } from './login/login'
import { Ssh2Session } from './ssh2-session'
import type { SshConnector } from './ssh-session'

export interface ConnectorOptions {
  /** The inventory as it is when a connection is asked for. */
  readonly inventory: () => Promise<Inventory>
  readonly hostKeys: HostKeyCheck
  readonly loginFor: (hop: Hop) => Login
}

/** Connects to the hosts of one lab, each time anew, over their jump hosts. */
export function createConnector(options: ConnectorOptions): SshConnector {
  return {
    connect: async (host, signal) => {
      const { hops, last, client, serverVersion } = await connectRoute(options, host, signal)
      return new Ssh2Session({
        client,
        host,
        user: last.target.user,
        serverVersion,
        release: () => hops.release(),
      })
    },
  }
}

interface Route extends HopConnection {
  readonly hops: OpenHops
  readonly last: Hop
}

/**
 * Connect to a host or a jump host of a lab, hop by hop.
 * @throws SkyError as `SshConnector.connect` says, `not_found`
 */
async function connectRoute(
  { inventory, hostKeys, loginFor }: ConnectorOptions,
  name: string,
  signal?: AbortSignal,
): Promise<Route> {
  const lab = await inventory()
  const targets = routeTo(lab, name)
  const hops = new OpenHops()
  try {
    let through: string | null = null
    let connection: HopConnection | null = null
    let last: Hop | null = null
    for (const target of targets) {
      const hop: Hop = { lab: lab.name, target, through }
      const stream: Duplex =
        connection === null ? await dial(hop, signal) : await dialThrough(connection.client, hop, signal)
      connection = await connectHop(stream, hop, hostKeys, loginFor(hop), signal)
      hops.add(stream, connection.client)
      through = target.name
      last = hop
    }
    return { ...(connection as HopConnection), last: last as Hop, hops }
  } catch (thrown) {
    hops.release()
    throw thrown
  }
}

/** The connections that a route runs over. */
class OpenHops {
  readonly #open: { stream: Duplex; client: Client }[] = []

  add(stream: Duplex, client: Client): void {
    // Once it is up, whoever uses the last hop hears of its end; those before it end without a word.
    client.on('error', () => undefined)
    stream.on('error', () => undefined)
    this.#open.push({ stream, client })
  }

  release(): void {
    for (const { stream, client } of this.#open.splice(0).reverse()) {
      client.end()
      stream.destroy()
    }
  }
}
