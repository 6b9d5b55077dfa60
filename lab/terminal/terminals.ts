import { randomUUID } from 'node:crypto'
import { SkyError, toErrorBody } from '#shared/contract/errors'
import type { RemoteShell, SshConnector, SshSession, TerminalSize } from '../ssh/ssh-session'

/** Output that may be on its way to a window without having been shown, bytes; beyond, the host has to wait. */
const mostUnshownBytes = 512 * 1024

export interface TerminalEvents {
  readonly onOutput: (output: { terminalId: string; base64: string }) => void
  readonly onClosed: (end: { terminalId: string; exitCode: number | null; reason: string }) => void
}

interface Terminal {
  readonly session: SshSession
  readonly shell: RemoteShell
  unshownBytes: number
}

/** Login shells on hosts, for windows. A host that floods its output is slowed down to what the window shows. */
export class Terminals {
  readonly #events: TerminalEvents
  readonly #open = new Map<string, Terminal>()

  constructor(events: TerminalEvents) {
    this.#events = events
  }

  async open(connector: SshConnector, host: string, size: TerminalSize): Promise<string> {
    const session = await connector.connect(host)
    try {
      const shell = await session.shell(size)
      const terminalId = randomUUID()
      const terminal: Terminal = { session, shell, unshownBytes: 0 }
      this.#open.set(terminalId, terminal)
      this.#follow(terminalId, terminal)
      return terminalId
    } catch (thrown) {
      session.close()
      throw thrown
    }
  }

  /** @throws SkyError `not_found` */
  input(terminalId: string, text: string): void {
    this.#get(terminalId).shell.stream.write(text)
  }

  /** @throws SkyError `not_found` */
  resize(terminalId: string, size: TerminalSize): void {
    this.#get(terminalId).shell.resize(size)
  }

  /** So many bytes were shown. A terminal that has ended meanwhile does not mind. */
  shown(terminalId: string, bytes: number): void {
    const terminal = this.#open.get(terminalId)
    if (!terminal) return
    terminal.unshownBytes = Math.max(0, terminal.unshownBytes - bytes)
    if (terminal.unshownBytes < mostUnshownBytes) terminal.shell.stream.resume()
  }

  close(terminalId: string): void {
    const terminal = this.#open.get(terminalId)
    if (!terminal) return
    this.#open.delete(terminalId)
    terminal.shell.close()
    terminal.session.close()
  }

  closeAll(): void {
    for (const terminalId of [...this.#open.keys()]) this.close(terminalId)
  }

  #follow(terminalId: string, terminal: Terminal): void {
    const { shell, session } = terminal
    shell.stream.on('data', (bytes: Buffer) => {
      terminal.unshownBytes += bytes.length
      if (terminal.unshownBytes >= mostUnshownBytes) shell.stream.pause()
      this.#events.onOutput({ terminalId, base64: bytes.toString('base64') })
    })
    shell.stream.on('error', () => undefined)
    const ended = (exitCode: number | null, reason: string): void => {
      if (!this.#open.has(terminalId)) return
      this.close(terminalId)
      this.#events.onClosed({ terminalId, exitCode, reason })
    }
    session.onLost((reason) => ended(null, toErrorBody(reason).message))
    shell.exited.then(
      ({ exitCode, signal }) =>
        ended(
          exitCode,
          signal ? `ended by signal ${signal}` : `ended with exit code ${exitCode ?? 'unknown'}`,
        ),
      // With its connection: `onLost` tells, or it was closed here.
      () => undefined,
    )
  }

  #get(terminalId: string): Terminal {
    const terminal = this.#open.get(terminalId)
    if (!terminal) throw new SkyError('not_found', 'This terminal has ended', 'Open a new one.')
    return terminal
  }
}
