import type { Duplex, Readable, Writable } from 'node:stream'

/** Output that is kept of a command unless told otherwise, bytes of each stream; more is counted as truncated. */
export const keptOutputBytes = 1024 * 1024
/** Time that a command may take unless told otherwise, ms. */
export const commandLimitMs = 60_000

export interface CommandOptions {
  readonly stdin?: string | Uint8Array
  readonly signal?: AbortSignal
  readonly limitMs?: number
  readonly keptBytes?: number
}

export interface CommandResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly signal: string | null
  /** UTF-8; bytes that are not valid are replaced. */
  readonly stdout: string
  readonly stderr: string
  /** More was printed than is kept. */
  readonly truncated: boolean
}

/** A program on the host, with its streams. */
export interface RemoteProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exited: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>
  kill(): void
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** The user's login shell in a pseudo terminal. */
export interface RemoteShell {
  readonly stream: Duplex
  readonly exited: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>
  resize(size: TerminalSize): void
  close(): void
}

export interface UploadOptions {
  /** File mode, such as 0o600; set before the first byte is written. */
  readonly mode: number
  readonly signal?: AbortSignal
  /** Bytes of the whole file that are on the host by now, those of an earlier attempt included. */
  readonly onProgress?: (bytes: number) => void
}

/**
 * One authenticated SSH connection to a host of a lab; its host key and those of its jump hosts have been verified.
 *
 * Arguments arrive at the program as they are: they are quoted for every POSIX shell and fish, whatever the login shell.
 * All methods throw SkyError: `connection_lost` when the connection ends meanwhile, `timeout`, `cancelled`.
 */
export interface SshSession {
  /** Name of the host in the inventory. */
  readonly host: string
  /** The user who is logged in. */
  readonly user: string
  readonly serverVersion: string

  /** Run a program to its end; an exit code other than 0 is a result, not an error. */
  run(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>
  /** Run a POSIX shell script with arguments `$1`, `$2` ...; values must come as arguments, never within the script. */
  script(script: string, args?: readonly string[], options?: CommandOptions): Promise<CommandResult>
  /** Start a program and talk to it. */
  start(argv: readonly string[]): Promise<RemoteProcess>
  shell(size: TerminalSize): Promise<RemoteShell>

  /** @throws SkyError `not_supported` where the server forbids forwarding, `unreachable` when nothing listens there */
  connectToUnixSocket(path: string): Promise<Duplex>

  /**
   * Send a file over SFTP to `<path>`. It is written to `<path>.partial`, goes on where an earlier attempt ended, is checked by SHA-256
   * on the host, and then renamed: the path never holds a part. Skipped when the path holds those bytes already.
   * @returns bytes that were sent now
   * @throws SkyError `host_disk_full`, `host_not_writable`, `provisioning_failed` (checksum)
   */
  upload(source: UploadSource, path: string, options: UploadOptions): Promise<number>

  /** Called once when the connection has ended, with the reason; not after `close`. */
  onLost(listener: (reason: Error) => void): () => void
  close(): void
}

export type UploadSource =
  | { readonly kind: 'file'; readonly file: string; readonly bytes: number; readonly sha256: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

/** Opens connections to the hosts of a lab. */
export interface SshConnector {
  /**
   * @throws SkyError `unreachable` (name, port, route, jump host), `timeout`, `host_key_unknown`, `host_key_changed`, `secret_needed`,
   * `authentication_failed`, `cancelled`; details name the host or jump host
   */
  connect(host: string, signal?: AbortSignal): Promise<SshSession>
}
