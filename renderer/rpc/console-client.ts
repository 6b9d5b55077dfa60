import { BrowserMessageReader, BrowserMessageWriter, createMessageConnection } from 'vscode-jsonrpc/browser'
import { consoleApi, type ConsoleApi } from '#shared/contract/console-api'
import type { EngineBridge } from '#shared/contract/desktop-api'
import { enginePortMessage } from '#shared/contract/desktop-channels'
import { fromErrorBody } from '#shared/contract/errors'
import { connect, type Client } from '#shared/contract/rpc'

declare global {
  interface Window {
    readonly engine: EngineBridge
  }
}

/**
 * Connect this window to the lab engine, over a MessagePort of their own.
 * Rejects with the reason when the engine cannot start; calling again gives it another try. When a running engine ends, calls fail with
 * `connection_lost`; the main process says so, offers to start it again, and then loads the window anew.
 */
export async function connectConsole(): Promise<Client<ConsoleApi>> {
  const port = await engineForWindow()
  const connection = createMessageConnection(new BrowserMessageReader(port), new BrowserMessageWriter(port))
  port.addEventListener('close', () => connection.dispose())
  const client = connect(connection, consoleApi, 'the lab engine')
  connection.listen()
  return client
}

async function engineForWindow(): Promise<MessagePort> {
  const listening = new AbortController()
  const arrived = new Promise<MessagePort>((resolve) => {
    const onMessage = (event: MessageEvent<unknown>): void => {
      const port = event.ports[0]
      if (event.source === window && event.data === enginePortMessage && port !== undefined) resolve(port)
    }
    window.addEventListener('message', onMessage, { signal: listening.signal })
  })
  try {
    const answer = await window.engine.connect()
    if (!answer.ok) throw fromErrorBody(answer.error)
    return await arrived
  } finally {
    listening.abort()
  }
}
