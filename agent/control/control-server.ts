import { createServer, type Socket } from 'node:net'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { serve, type Contract, type Emitter, type Handlers } from '#shared/contract/rpc'
import { listenOnUnixSocket } from './unix-socket'

export interface ControlServer {
  close(): void
}

/**
 * Answers the contract on a Unix socket (on Windows a named pipe); several consoles may be connected.
 * @param makeHandlers gets the connection's own emitter and a hook that runs when it closes
 */
export async function listenForControl<C extends Contract>(
  path: string,
  contract: C,
  makeHandlers: (connection: {
    emit: Emitter<C>['emit']
    onClose(listener: () => void): void
  }) => Handlers<C>,
): Promise<ControlServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const connection = createMessageConnection(
      new StreamMessageReader(socket),
      new StreamMessageWriter(socket),
    )
    const closeListeners: (() => void)[] = []
    const emitter: { current: Emitter<C> | null } = { current: null }
    const handlers = makeHandlers({
      emit: (event, payload) => emitter.current?.emit(event, payload),
      onClose: (listener) => void closeListeners.push(listener),
    })
    emitter.current = serve(connection, contract, handlers)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      sockets.delete(socket)
      connection.dispose()
      for (const listener of closeListeners) listener()
    })
    connection.listen()
  })
  await listenOnUnixSocket(server, path)
  return {
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
