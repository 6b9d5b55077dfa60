import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { descendantsOf, endProcess, isAlive } from './processes'
import { intoNamespace, type SshUser } from './ssh-users'

const sshdPath = '/usr/sbin/sshd'
/** sshd drops its rights in this folder, which a service manager makes elsewhere. */
const privilegeFolder = '/run/sshd'

export const hostKeyTypes = ['ed25519', 'ecdsa', 'rsa'] as const
export type HostKeyType = (typeof hostKeyTypes)[number]

export interface SshdOptions {
  /** Types of host keys that it has; only ed25519 unless told otherwise. */
  readonly hostKeys?: readonly HostKeyType[]
  /** Files of private host keys instead of new ones, to start a server again as it was. */
  readonly hostKeyFiles?: readonly string[]
  /** Further lines of its configuration, such as `AllowStreamLocalForwarding no`; they win over those of the test. */
  readonly config?: readonly string[]
  /** Users with passwords, in a name space of their own (Linux, root); absent = only the user who runs the test. */
  readonly users?: readonly SshUser[]
  /** Ask these users for their password by PAM, as a question (keyboard-interactive). */
  readonly questions?: boolean
  /** `false` = it has no SFTP. */
  readonly sftp?: boolean
  /** Same port as another one had. */
  readonly port?: number
}

/** A real OpenSSH server on loopback. */
export interface TestSshd {
  readonly address: '127.0.0.1'
  readonly port: number
  /** The user who runs the test, and may log in with `clientKey`. */
  readonly user: string
  readonly folder: string
  /** File of a private key without passphrase that every user may log in with. */
  readonly clientKey: string
  /** A file of public keys that may log in: append to it. */
  readonly authorizedKeys: string
  readonly hostKeyFiles: readonly string[]
  /** As `ssh-keygen -lf` prints it: SHA256:... */
  fingerprint(type?: HostKeyType): string
  /** What it has written so far, at LogLevel VERBOSE. */
  log(): string
  /** End every connection at once, as a cut cable would be noticed; the server goes on. */
  dropConnections(): Promise<void>
  /** Nothing is answered any more, connections stay open; `false` = go on. */
  freeze(frozen: boolean): void
  /** Also ends its connections. */
  stop(): Promise<void>
}

/** Why there can be no server here, or null: tests skip with it. */
export function sshdMissing(): string | null {
  if (process.platform === 'win32') return 'OpenSSH servers are started on Linux and macOS only'
  return existsSync(sshdPath) ? null : `${sshdPath} is missing (Debian: openssh-server)`
}

/** @param folder for its files; it and its folder are to be removed by whoever starts it */
export async function launchSshd(folder: string, options: SshdOptions = {}): Promise<TestSshd> {
  const { username } = userInfo()
  if (username === 'root') mkdirSync(privilegeFolder, { recursive: true, mode: 0o755 })
  const clientKey = newKey(folder, 'client', 'ed25519')
  const authorizedKeys = join(folder, 'authorized_keys')
  writeFileSync(authorizedKeys, readFileSync(`${clientKey}.pub`))
  const hostKeyFiles =
    options.hostKeyFiles ??
    (options.hostKeys ?? ['ed25519']).map((type) => newKey(folder, `host-${type}`, type))
  const port = options.port ?? (await freePort())
  const config = join(folder, 'sshd_config')
  writeFileSync(
    config,
    [
      // The first value of a keyword counts.
      ...(options.config ?? []),
      'ListenAddress 127.0.0.1',
      `Port ${port}`,
      ...hostKeyFiles.map((file) => `HostKey ${file}`),
      `AuthorizedKeysFile ${authorizedKeys}`,
      'PidFile none',
      ...(options.questions ? ['UsePAM yes', 'KbdInteractiveAuthentication yes'] : ['UsePAM no']),
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'StrictModes no',
      'UseDNS no',
      'PrintMotd no',
      'LogLevel VERBOSE',
      ...(options.sftp === false ? [] : ['Subsystem sftp internal-sftp']),
      '',
    ].join('\n'),
  )
  const sshd = [sshdPath, '-D', '-e', '-f', config]
  const [program, ...args] = options.users ? intoNamespace(folder, options.users, sshd) : sshd
  const server = spawn(program as string, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const log = new ServerLog(server, join(folder, 'sshd.log'))
  let stopped = false
  const stop = async (): Promise<void> => {
    if (stopped) return
    stopped = true
    const all = [server.pid as number, ...descendantsOf(server.pid as number)]
    await Promise.all(all.map(endProcess))
  }
  await log.until(/Server listening on/)
  return {
    address: '127.0.0.1',
    port,
    user: username,
    folder,
    clientKey,
    authorizedKeys,
    hostKeyFiles,
    fingerprint: (type = 'ed25519') => fingerprintOf(keyOfType(hostKeyFiles, type)),
    log: () => log.text,
    dropConnections: async () => {
      await Promise.all(descendantsOf(server.pid as number).map(endProcess))
    },
    freeze: (frozen) => {
      for (const pid of [server.pid as number, ...descendantsOf(server.pid as number)]) {
        // One of them may just have ended.
        if (isAlive(pid)) process.kill(pid, frozen ? 'SIGSTOP' : 'SIGCONT')
      }
    },
    stop,
  }
}

/** Make a key pair; returns the file of the private key. */
export function newKey(
  folder: string,
  name: string,
  type: string,
  passphrase = '',
  ...options: string[]
): string {
  const file = join(folder, name)
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', file, ...options])
  return file
}

/** SHA256:... of a key file. */
export function fingerprintOf(file: string): string {
  return execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1] as string
}

function keyOfType(files: readonly string[], type: HostKeyType): string {
  const file = files.find((each) => each.endsWith(`host-${type}`))
  if (file === undefined) throw new Error(`the server has no ${type} key`)
  return file
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

class ServerLog {
  text = ''
  readonly #server: ChildProcess
  readonly #waiting = new Set<() => void>()

  constructor(server: ChildProcess, file: string) {
    this.#server = server
    const copy = createWriteStream(file)
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.text += text
      copy.write(text)
      for (const look of this.#waiting) look()
    })
    server.on('exit', () => {
      copy.end()
      for (const look of this.#waiting) look()
    })
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) {
      if (this.#server.exitCode !== null || this.#server.signalCode !== null) {
        throw new Error(`sshd ended: ${this.text}`)
      }
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.#waiting.delete(look)
          resolve()
        }
        this.#waiting.add(look)
      })
    }
  }
}
