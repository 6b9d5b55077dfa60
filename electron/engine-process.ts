import type { MessagePortMain } from 'electron'
import { createLabEngine, type EngineParts, type LabEngine } from '#lab/engine'
import { consoleApi } from '#shared/contract/console-api'
import { toErrorBody } from '#shared/contract/errors'
import { connect, serve } from '#shared/contract/rpc'
import type { FromEngine, ToEngine } from './engine/engine-messages'
import { connectionOverPort } from './engine/port-connection'
import { keychainVault } from './security/keychain-vault'
import { vaultContract } from './security/vault-contract'

/** The process of the lab engine: the engine itself, and a JSON-RPC server on the port of every window. */

let engine: Promise<LabEngine> | null = null

function report(message: FromEngine): void {
  process.parentPort.postMessage(message)
}

/** Answer a window until its port closes. */
async function serveWindow(started: Promise<LabEngine>, port: MessagePortMain): Promise<void> {
  const running = await started
  const connection = connectionOverPort(port)
  const emitter = serve(connection, consoleApi, running.api)
  const unsubscribe = running.subscribe((event, payload) => emitter.emit(event as never, payload as never))
  connection.onClose(() => {
    unsubscribe()
    connection.dispose()
  })
  connection.listen()
}

/** The keychain, which only the main process can use. */
function vaultOf(port: MessagePortMain | undefined): EngineParts {
  if (port === undefined) return {}
  const connection = connectionOverPort(port)
  const client = connect(connection, vaultContract, 'the main process')
  connection.listen()
  return { vault: keychainVault(client) }
}

async function stop(): Promise<never> {
  await (await engine)?.dispose()
  process.exit(0)
}

process.parentPort.on('message', ({ data, ports }) => {
  const message = data as ToEngine
  switch (message.kind) {
    case 'start':
      engine = createLabEngine(message.options, vaultOf(ports[0]))
      engine
        .then(() => report({ kind: 'ready' }))
        .catch((thrown: unknown) => report({ kind: 'failed', error: toErrorBody(thrown) }))
      return
    case 'client': {
      const port = ports[0]
      if (port !== undefined && engine !== null) serveWindow(engine, port).catch(() => port.close())
      return
    }
    case 'stop':
      stop().catch((thrown: unknown) => {
        console.error(thrown)
        process.exit(1)
      })
  }
})
