import type { MessagePortMain } from 'electron'
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  createMessageConnection,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageConnection,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node'

/** The part of Electron's MessagePortMain that JSON-RPC needs. */
export type RpcPort = Pick<MessagePortMain, 'on' | 'off' | 'postMessage' | 'start' | 'close'>

/** JSON-RPC over a MessagePort: messages cross as structured clones, so nothing is turned into text. */
export function connectionOverPort(port: RpcPort): MessageConnection {
  return createMessageConnection(new PortReader(port), new PortWriter(port))
}

class PortReader extends AbstractMessageReader implements MessageReader {
  readonly #port: RpcPort

  constructor(port: RpcPort) {
    super()
    this.#port = port
    port.on('close', () => this.fireClose())
  }

  listen(callback: DataCallback): Disposable {
    const onMessage = (event: { data: unknown }): void => callback(event.data as Message)
    this.#port.on('message', onMessage)
    this.#port.start()
    return { dispose: () => void this.#port.off('message', onMessage) }
  }
}

class PortWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #port: RpcPort

  constructor(port: RpcPort) {
    super()
    this.#port = port
    port.on('close', () => this.fireClose())
  }

  write(message: Message): Promise<void> {
    try {
      this.#port.postMessage(message)
      return Promise.resolve()
    } catch (error) {
      this.fireError(error, message)
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  end(): void {
    this.#port.close()
  }
}
