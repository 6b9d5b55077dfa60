import { PassThrough } from 'node:stream'
import type { RemoteShell, SshConnector, SshSession, TerminalSize } from '../ssh/ssh-session'

/** An SSH session without a host: what a test does not give it, it does not have. */
export class FakeSession implements Partial<SshSession> {
  readonly host: string
  isClosed = false
  readonly shells: FakeShell[] = []
  readonly #lost = new Set<(reason: Error) => void>()

  constructor(host: string) {
    this.host = host
  }

  shell(size: TerminalSize): Promise<RemoteShell> {
    const shell = new FakeShell(size)
    this.shells.push(shell)
    return Promise.resolve(shell)
  }

  onLost(listener: (reason: Error) => void): () => void {
    this.#lost.add(listener)
    return () => void this.#lost.delete(listener)
  }

  close(): void {
    this.isClosed = true
  }

  lose(reason: Error): void {
    for (const listener of [...this.#lost]) listener(reason)
  }
}

export class FakeShell implements RemoteShell {
  readonly stream = new PassThrough()
  size: TerminalSize
  isClosed = false
  end!: (exitCode: number) => void
  readonly exited: RemoteShell['exited']

  constructor(size: TerminalSize) {
    this.size = size
    this.exited = new Promise((resolve) => {
      this.end = (exitCode) => resolve({ exitCode, signal: null })
    })
  }

  resize(size: TerminalSize): void {
    this.size = size
  }

  close(): void {
    this.isClosed = true
  }
}

/** Opens fake sessions, and remembers them. */
export class FakeConnector implements SshConnector {
  readonly sessions: FakeSession[] = []
  failWith: Error | null = null

  connect(host: string): Promise<SshSession> {
    if (this.failWith) return Promise.reject(this.failWith)
    const session = new FakeSession(host)
    this.sessions.push(session)
    return Promise.resolve(session as unknown as SshSession)
  }
}
