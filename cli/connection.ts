import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { Client } from '#shared/contract/rpc'
import { createLabEngine } from '#lab/engine'
import { localClient } from '#lab/local-client'
import { connectToDaemon } from './daemon/daemon-client'
import { engineOptions, type Installation } from './environment'

/** The engine that a command uses: of the lab in the background where one runs, else one of its own. */
export interface EngineConnection {
  readonly client: Client<ConsoleApi>
  readonly isOwn: boolean
  /** Rejects when the lab in the background is gone; never resolves. */
  readonly lost: Promise<never>
  /** Ends the command's own engine with its hosts; leaves one in the background as it is. */
  close(): Promise<void>
}

export async function openEngine(installation: Installation, data: string): Promise<EngineConnection> {
  const daemon = await connectToDaemon(data)
  if (daemon) {
    // The daemon's contract holds the console's: every call of the one is a call of the other.
    const client = daemon.client as unknown as Client<ConsoleApi>
    const lost = daemon.closed.then((): never => {
      const message = `The lab in the background (process ${daemon.pid}) is gone`
      throw new SkyError('connection_lost', message, 'Start it again, then go on: skymemory resume latest')
    })
    // Whoever does not follow a run does not wait for it.
    lost.catch(() => undefined)
    return { client, isOwn: false, lost, close: async () => daemon.close() }
  }
  const engine = await createLabEngine(engineOptions(installation, data))
  return {
    client: localClient(engine),
    isOwn: true,
    lost: new Promise(() => undefined),
    close: () => engine.dispose(),
  }
}

/** Use an engine for some work, and close it whatever happens. */
export async function withEngine<T>(
  installation: Installation,
  data: string,
  work: (client: Client<ConsoleApi>, connection: EngineConnection) => Promise<T>,
): Promise<T> {
  const connection = await openEngine(installation, data)
  try {
    return await work(connection.client, connection)
  } finally {
    await connection.close()
  }
}
