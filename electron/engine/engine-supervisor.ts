import { MessageChannelMain, utilityProcess, type UtilityProcess, type WebContents } from 'electron'
import type { LabEngineOptions } from '#lab/engine'
import { SkyError, type ErrorBody } from '#shared/contract/errors'
import { handEnginePort } from '../ipc/engine-port'
import type { FromEngine, ToEngine } from './engine-messages'
import { LastLines } from './last-lines'

export type EngineState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running' }
  /** The process lives, but the engine could not start, for instance because its database is in use. */
  | { readonly kind: 'failed'; readonly error: ErrorBody }
  | { readonly kind: 'crashed'; readonly exitCode: number; readonly lastLines: readonly string[] }

/** Starts, watches and stops the process of the lab engine, and connects windows to it. */
export class EngineSupervisor {
  readonly #entry: string
  readonly #onState: (state: EngineState) => void
  #child: UtilityProcess | null = null
  #state: EngineState = { kind: 'stopped' }
  #stopping = false

  constructor(entry: string, onState: (state: EngineState) => void) {
    this.#entry = entry
    this.#onState = onState
  }

  get state(): EngineState {
    return this.#state
  }

  start(options: LabEngineOptions): void {
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
    this.#tell(child, { kind: 'start', options })
  }

  /** Give a window a channel to the engine. Throws `unreachable` when no engine runs. */
  connect(window: WebContents): void {
    if (this.#child === null || this.#state.kind === 'failed') {
      throw new SkyError('unreachable', 'the lab engine does not run', 'Start it again, or restart the app.')
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

  #tell(child: UtilityProcess, message: ToEngine, ports: Electron.MessagePortMain[] = []): void {
    child.postMessage(message, ports)
  }

  #become(state: EngineState): void {
    this.#state = state
    this.#onState(state)
  }
}
