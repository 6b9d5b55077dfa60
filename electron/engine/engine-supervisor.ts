import { MessageChannelMain, utilityProcess, type UtilityProcess, type WebContents } from 'electron'
import type { LabEngineOptions } from '#lab/engine-options'
import { fromErrorBody, SkyError, type ErrorBody } from '#shared/contract/errors'
import { serve, type Handlers } from '#shared/contract/rpc'
import { handEnginePort } from '../ipc/engine-port'
import type { FromEngine, ToEngine } from './engine-messages'
import { vaultContract } from '../security/vault-contract'
import { LastLines } from './last-lines'
import { connectionOverPort } from './port-connection'

export type EngineState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running' }
  /** The process lives, but the engine could not start, for instance because its database is in use. */
  | { readonly kind: 'failed'; readonly error: ErrorBody }
  | { readonly kind: 'crashed'; readonly exitCode: number; readonly lastLines: readonly string[] }

export interface EngineSupervisorOptions {
  /** The file of the engine's process. */
  readonly entry: string
  readonly options: () => LabEngineOptions
  /** Answers what the engine asks of the keychain. */
  readonly vault: Handlers<typeof vaultContract>
  readonly onState: (state: EngineState) => void
}

/** How long an engine that could not start may take to end. */
const failedStopLimitMs = 3_000

/** Starts, watches and stops the process of the lab engine, and connects windows to it. */
export class EngineSupervisor {
  readonly #entry: string
  readonly #options: () => LabEngineOptions
  readonly #vault: Handlers<typeof vaultContract>
  readonly #onState: (state: EngineState) => void
  readonly #waiting = new Set<() => void>()
  #child: UtilityProcess | null = null
  #state: EngineState = { kind: 'stopped' }
  #stopping = false

  constructor({ entry, options, vault, onState }: EngineSupervisorOptions) {
    this.#entry = entry
    this.#options = options
    this.#vault = vault
    this.#onState = onState
  }

  start(): void {
    if (this.#child !== null) return
    const child = utilityProcess.fork(this.#entry, [], { serviceName: 'SkyMemory lab engine', stdio: 'pipe' })
    const lastLines = new LastLines()
    child.stdout?.on('data', (bytes: Buffer) => process.stdout.write(bytes))
    child.stderr?.on('data', (bytes: Buffer) => {
      process.stderr.write(bytes)
      lastLines.add(bytes.toString())
    })
    child.on('message', (message: FromEngine) =>
      this.#become(message.kind === 'ready' ? { kind: 'running' } : message),
    )
    child.on('exit', (exitCode) => {
      this.#child = null
      this.#become(
        this.#stopping ? { kind: 'stopped' } : { kind: 'crashed', exitCode, lastLines: lastLines.lines },
      )
    })
    this.#child = child
    this.#stopping = false
    this.#become({ kind: 'starting' })
    const { port1, port2 } = new MessageChannelMain()
    this.#serveVault(port1)
    this.#tell(child, { kind: 'start', options: this.#options() }, [port2])
  }

  /**
   * Give a window a channel to the engine, once it runs. An engine that could not start is given another try: its reason
   * may have gone, and the window asks again when the user says so.
   * @throws SkyError the reason why the engine cannot start; `unreachable` when none runs
   */
  async connect(window: WebContents): Promise<void> {
    if (this.#state.kind === 'failed') {
      await this.stop(failedStopLimitMs)
      this.start()
    }
    while (this.#state.kind === 'starting') await this.#change()
    if (this.#state.kind === 'failed') throw fromErrorBody(this.#state.error)
    if (this.#child === null || this.#stopping) {
      throw new SkyError('unreachable', 'the lab engine does not run', 'Restart the app.')
    }
    const { port1, port2 } = new MessageChannelMain()
    this.#tell(this.#child, { kind: 'client' }, [port1])
    handEnginePort(window, port2)
  }

  /** Let the engine put its lab and its database in order, then end; after `limitMs` end it anyway. */
  async stop(limitMs: number): Promise<void> {
    const child = this.#child
    if (child === null) return
    this.#stopping = true
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill(), limitMs)
      child.once('exit', () => {
        clearTimeout(timer)
        resolve()
      })
      this.#tell(child, { kind: 'stop' })
    })
  }

  #serveVault(port: Electron.MessagePortMain): void {
    const connection = connectionOverPort(port)
    serve(connection, vaultContract, this.#vault)
    connection.onClose(() => connection.dispose())
    connection.listen()
  }

  #tell(child: UtilityProcess, message: ToEngine, ports: Electron.MessagePortMain[] = []): void {
    child.postMessage(message, ports)
  }

  #become(state: EngineState): void {
    this.#state = state
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
    this.#onState(state)
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve))
  }
}
