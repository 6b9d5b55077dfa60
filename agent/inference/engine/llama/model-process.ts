import { fork, type ChildProcess } from 'node:child_process'
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node'
import { SkyError } from '#shared/contract/errors'
import {
  connect,
  type Client,
  type EventPayload,
  type MethodParams,
  type MethodResult,
} from '#shared/contract/rpc'
import { modelControl } from '../../../model/model-control'
import type { Log } from '../../../log'

type Control = typeof modelControl
type Method = keyof Control['methods']

export interface ModelProgram {
  /** The bundle of `agent/model/model-process.ts`. */
  readonly entry: string
  /** The folder of the package `@skymemory/llama`, with its node_modules. */
  readonly packageFolder: string
}

/** The process that runs the model. When it ends, by itself or because something within it broke, calls fail and say how. */
export class ModelProcess {
  readonly #child: ChildProcess
  readonly #client: Client<Control>
  readonly #exited: Promise<void>
  #ended: string | null = null

  private constructor(child: ChildProcess, log: Log) {
    this.#child = child
    const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child))
    connection.onError(() => undefined)
    this.#client = connect(connection, modelControl, "the model's process")
    connection.listen()
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n')) if (line.trim() !== '') log.warn(`model: ${line.trimEnd()}`)
      })
    }
    this.#exited = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#ended ??= how
        connection.dispose()
        resolve()
      }
      child.once('exit', (code, signal) =>
        end(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`),
      )
      // Only where it could not be started does nothing else follow.
      child.on('error', (error) => (child.pid === undefined ? end(error.message) : undefined))
    })
  }

  static start(program: ModelProgram, log: Log): ModelProcess {
    const child = fork(program.entry, [program.packageFolder], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    return new ModelProcess(child, log)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get alive(): boolean {
    return this.#ended === null
  }

  /** @throws SkyError engine_failed when the process ends before it answers; what the model says */
  async call<M extends Method>(
    method: M,
    params: MethodParams<Control, M>,
  ): Promise<MethodResult<Control, M>> {
    try {
      return await this.#client.call(method, params)
    } catch (thrown) {
      if (this.#ended === null) throw thrown
      throw new SkyError(
        'engine_failed',
        `The model's process ended (${this.#ended}) before it had answered`,
        this.#ended === 'signal SIGKILL'
          ? 'It is started again with the next request. If nobody killed it, its memory did not suffice: choose a shorter context, q8_0 or a smaller model.'
          : 'It is started again with the next request.',
      )
    }
  }

  onToken(listener: (token: EventPayload<Control, 'token'>) => void): () => void {
    return this.#client.on('token', listener)
  }

  /** Resolves when it has ended. */
  end(): Promise<void> {
    this.#child.kill('SIGKILL')
    return this.#exited
  }
}
