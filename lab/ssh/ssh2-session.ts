import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { SkyError } from '#shared/contract/errors'
import { ChannelStream } from './channel-stream'
import { killChannel } from './kill-channel'
import { openChannel } from './open-channel'
import { commandLine, scriptLine } from './quote'
import { exitOf, runToEnd } from './run-command'
import { whySocketFailed } from './socket-failure'
import type {
  CommandOptions,
  CommandResult,
  RemoteProcess,
  RemoteShell,
  SshSession,
  TerminalSize,
  UploadOptions,
  UploadSource,
} from './ssh-session'
import { upload } from './upload/upload'

export interface SessionOptions {
  /** A connection that is logged in. */
  readonly client: Client
  readonly host: string
  readonly user: string
  readonly serverVersion: string
  /** Let go of what the connection runs over. Called once, after its end. */
  readonly release: () => void
}

/** Time for the last words of a connection that is closed, ms: a peer that does not answer must not keep it. */
const closeLimitMs = 2_000

/** A session over ssh2. */
export class Ssh2Session implements SshSession {
  readonly host: string
  readonly user: string
  readonly serverVersion: string
  readonly #client: Client
  readonly #streams = new Set<Duplex>()
  readonly #listeners = new Set<(reason: Error) => void>()
  /** Aborted when the connection has ended, with the reason. */
  readonly #ended = new AbortController()
  readonly #release: () => void

  constructor({ client, host, user, serverVersion, release }: SessionOptions) {
    this.#client = client
    this.host = host
    this.user = user
    this.serverVersion = serverVersion
    this.#release = release
    client.on('error', (error) => this.#lose(error.message))
    client.on('close', () => {
      this.#lose('the server closed it')
      release()
    })
  }

  async run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.#runLine(commandLine(argv), argv[0] as string, options)
  }

  async script(
    script: string,
    args: readonly string[] = [],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    const [firstLine] = script.trimStart().split('\n')
    return this.#runLine(scriptLine(script, args), firstLine as string, options)
  }

  async start(argv: readonly string[]): Promise<RemoteProcess> {
    const line = commandLine(argv)
    const channel = await this.#open('a session', (client, done) => client.exec(line, done))
    const exited = exitOf(channel, this.#ended.signal)
    const stream = this.#streamOf(channel)
    return { stdin: stream, stdout: stream, stderr: channel.stderr, exited, kill: () => killChannel(channel) }
  }

  async shell({ columns, rows }: TerminalSize): Promise<RemoteShell> {
    const terminal = { term: 'xterm-256color', cols: columns, rows, width: 0, height: 0 }
    const channel = await this.#open('a terminal', (client, done) => client.shell(terminal, done))
    const exited = exitOf(channel, this.#ended.signal)
    const stream = this.#streamOf(channel)
    channel.stderr.resume()
    return {
      stream,
      exited,
      resize: (size) => channel.setWindow(size.rows, size.columns, 0, 0),
      close: () => stream.destroy(),
    }
  }

  async connectToUnixSocket(path: string): Promise<Duplex> {
    const open = this.#open(`the socket ${path}`, (client, done) =>
      client.openssh_forwardOutStreamLocal(path, done),
    )
    const channel = await open.catch(async (thrown: unknown) => {
      throw await whySocketFailed(this, path, thrown)
    })
    return this.#streamOf(channel)
  }

  async upload(source: UploadSource, path: string, options: UploadOptions): Promise<number> {
    this.#requireOpen()
    return upload(this.#client, this, source, path, options, this.#ended.signal)
  }

  onLost(listener: (reason: Error) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#listeners.clear()
    if (this.#ended.signal.aborted) return
    this.#end(new SkyError('cancelled', `The SSH connection to ${this.host} was closed`))
    this.#client.end()
    setTimeout(this.#release, closeLimitMs).unref()
  }

  async #runLine(line: string, name: string, options: CommandOptions): Promise<CommandResult> {
    if (options.signal?.aborted)
      throw new SkyError('cancelled', `${this.host}: the command was cancelled: ${name}`)
    const channel = await this.#open('a session', (client, done) => client.exec(line, done))
    return runToEnd(channel, { host: this.host, name, ended: this.#ended.signal }, options)
  }

  async #open(what: string, open: Parameters<typeof openChannel>[3]): Promise<ClientChannel> {
    this.#requireOpen()
    return openChannel(this.#client, this.host, what, open, this.#ended.signal)
  }

  #streamOf(channel: ClientChannel): ChannelStream {
    const stream = new ChannelStream(channel)
    // Whoever does not listen for errors sees it close.
    stream.on('error', () => undefined)
    this.#streams.add(stream)
    stream.once('close', () => this.#streams.delete(stream))
    return stream
  }

  #requireOpen(): void {
    if (this.#ended.signal.aborted) throw this.#ended.signal.reason as SkyError
  }

  #lose(reason: string): void {
    if (this.#ended.signal.aborted) return
    const lost = new SkyError(
      'connection_lost',
      `The SSH connection to ${this.host} is lost: ${reason}`,
      'Look whether the host is up and can be reached, then connect again.',
      { host: this.host, reason },
    )
    this.#end(lost)
    for (const listener of [...this.#listeners]) listener(lost)
    this.#listeners.clear()
    this.#release()
  }

  #end(reason: SkyError): void {
    this.#ended.abort(reason)
    for (const stream of [...this.#streams]) stream.destroy(reason)
  }
}
