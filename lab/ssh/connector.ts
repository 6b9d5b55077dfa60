import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import type { Inventory } from '#shared/inventory/inventory'
import { routeTo } from '#shared/inventory/route'
import { connectHop, type HopConnection } from './connect/connect-hop'
import { dial } from './connect/dial'
import { hopsOf, hopText, type Hop } from './connect/hop'
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
      const hops = await hopsTo(options, host)
      const open = new OpenHops()
      const last = hops.at(-1) as Hop
      const { client, serverVersion } = await open.connect(hops, options, signal)
      const release = (): void => open.release()
      return new Ssh2Session({ client, host, user: last.target.user, serverVersion, release })
    },
  }
}

/** The key that a host or jump host of a lab shows now. @throws SkyError as `SshConnector.connect` does for the hops before it */
export async function shownKey(
  options: ConnectorOptions,
  name: string,
  signal?: AbortSignal,
): Promise<{ hop: Hop; key: Buffer }> {
  const hops = await hopsTo(options, name)
  const last = hops.at(-1) as Hop
  const open = new OpenHops()
  const seen: Buffer[] = []
  const look: HostKeyCheck = {
    knownAlgorithms: (hop) => options.hostKeys.knownAlgorithms(hop),
    check: async (hop, key) => {
      if (hop !== last) return options.hostKeys.check(hop, key)
      seen.push(Buffer.from(key))
      throw new SkyError('cancelled', `The key of ${hopText(hop)} was looked at`)
    },
  }
  try {
    await open.connect(hops, { ...options, hostKeys: look }, signal)
  } catch (thrown) {
    const [key] = seen
    if (key !== undefined) return { hop: last, key }
    throw thrown
  } finally {
    open.release()
  }
  throw new SkyError('protocol_error', `${hopText(last)} let somebody in without showing its key`)
}

/** @throws SkyError `not_found` */
export async function hopsTo(
  { inventory }: Pick<ConnectorOptions, 'inventory'>,
  name: string,
): Promise<Hop[]> {
  const lab = await inventory()
  return hopsOf(lab.name, routeTo(lab, name))
}

/** The connections that a route runs over. */
class OpenHops {
  readonly #open: { stream: Duplex; client: Client }[] = []

  /** Connect hop by hop; returns the connection to the last one. When that fails, nothing stays open. */
  async connect(
    hops: readonly Hop[],
    { hostKeys, loginFor }: ConnectorOptions,
    signal?: AbortSignal,
  ): Promise<HopConnection> {
    try {
      let connection: HopConnection | null = null
      for (const hop of hops) {
        const before: HopConnection | null = connection
        const stream =
          before === null ? await dial(hop, signal) : await dialThrough(before.client, hop, signal)
        connection = await connectHop(stream, hop, hostKeys, loginFor(hop), signal)
        this.#add(stream, connection.client)
      }
      return connection as HopConnection
    } catch (thrown) {
      this.release()
      throw thrown
    }
  }

  release(): void {
    for (const { stream, client } of this.#open.splice(0).reverse()) {
      client.end()
      stream.destroy()
    }
  }

  #add(stream: Duplex, client: Client): void {
    // Once it is up, whoever uses the last hop hears of its end; those before it end without a word.
    client.on('error', () => undefined)
    stream.on('error', () => undefined)
    this.#open.push({ stream, client })
  }
}
